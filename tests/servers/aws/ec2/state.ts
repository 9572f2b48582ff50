import type {
  Address,
  Image,
  InternetGateway,
  KeyPairInfo,
  NatGateway,
  NetworkAcl,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  SecurityGroupRule,
  Snapshot,
  Subnet,
  Volume,
  Vpc,
  VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Call } from '../service.ts';
import type { World } from '../world.ts';
import { seedImages } from './images.ts';
import type { InstanceRecord } from './instance-record.ts';
import type { TemplateRecord } from './launch-templates.ts';
import { kind, Table } from './table.ts';
import { makeDefaultVpc } from './vpc.ts';

/** EC2 of one account in one region. */
export interface Ec2State {
  region: string;
  account: string;
  world: World;
  vpcs: Table<Vpc>;
  subnets: Table<Subnet>;
  internetGateways: Table<InternetGateway>;
  routeTables: Table<RouteTable>;
  networkAcls: Table<NetworkAcl>;
  natGateways: Table<NatGateway>;
  addresses: Table<Address>;
  securityGroups: Table<SecurityGroup>;
  securityGroupRules: Table<SecurityGroupRule>;
  keyPairs: Table<KeyPairInfo & { PublicKey?: string }>;
  instances: Table<InstanceRecord>;
  volumes: Table<Volume>;
  snapshots: Table<Snapshot>;
  networkInterfaces: Table<NetworkInterface>;
  images: Table<Image>;
  vpcEndpoints: Table<VpcEndpoint>;
  launchTemplates: Table<TemplateRecord>;
  /** By id, then key. */
  tags: Map<string, Map<string, string>>;
  /** By operation and client token: what was asked, and what came of it. */
  tokens: Map<string, { asked: string; ids: string[] }>;
  /** Attributes that DescribeVpcAttribute tells. */
  vpcAttributes: Map<string, { dnsSupport: boolean; dnsHostnames: boolean }>;
}

export function newEc2State(world: World, account: string, region: string): Ec2State {
  const table = <T>(prefix: string, noun: string, code: string) => new Table<T>(kind(prefix, noun, code), world);
  const state: Ec2State = {
    ...{ region, account, world, tags: new Map(), tokens: new Map(), vpcAttributes: new Map() },
    vpcs: table('vpc', 'vpc ID', 'InvalidVpcID'),
    subnets: table('subnet', 'subnet ID', 'InvalidSubnetID'),
    internetGateways: table('igw', 'internetGateway ID', 'InvalidInternetGatewayID'),
    routeTables: table('rtb', 'routeTable ID', 'InvalidRouteTableID'),
    networkAcls: table('acl', 'networkAcl ID', 'InvalidNetworkAclID'),
    natGateways: new Table(
      { prefix: 'nat', noun: 'NatGateway', notFound: 'NatGatewayNotFound', malformed: 'NatGatewayMalformed' },
      world,
    ),
    addresses: table('eipalloc', 'allocation ID', 'InvalidAllocationID'),
    securityGroups: new Table(
      {
        prefix: 'sg',
        noun: 'security group',
        notFound: 'InvalidGroup.NotFound',
        malformed: 'InvalidGroupId.Malformed',
      },
      world,
    ),
    securityGroupRules: table('sgr', 'security group rule ID', 'InvalidSecurityGroupRuleId'),
    keyPairs: table('key', 'key pair', 'InvalidKeyPair'),
    instances: table('i', 'instance ID', 'InvalidInstanceID'),
    volumes: table('vol', 'volume', 'InvalidVolume'),
    snapshots: table('snap', 'snapshot', 'InvalidSnapshot'),
    networkInterfaces: table('eni', 'networkInterface ID', 'InvalidNetworkInterfaceID'),
    images: table('ami', 'image id', 'InvalidAMIID'),
    launchTemplates: table('lt', 'launch template ID', 'InvalidLaunchTemplateId'),
    vpcEndpoints: table('vpce', 'vpc endpoint ID', 'InvalidVpcEndpointId'),
  };
  seedImages(state);
  makeDefaultVpc(state);
  return state;
}

export const ec2Of = ({ world, account, region }: Call): Ec2State => world.ec2(account, region);

/** What a tag can be on, by id. */
export function tableOf(id: string, state: Ec2State): Table<unknown> {
  const all = Object.values(state).filter(value => value instanceof Table) as Table<unknown>[];
  const found = all.find(table => id.startsWith(`${table.kind.prefix}-`));
  if (!found) throw new AwsError('InvalidID', `The ID '${id}' is not valid`);
  return found;
}

export const arn = (resource: string, { region, account }: Ec2State): string =>
  `arn:aws:ec2:${region}:${account}:${resource}`;
