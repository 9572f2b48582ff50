import { EC2 } from '@aws-sdk/client-ec2';
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { policyFor } from '../../../lib/aws/index.ts';
import { isOpsError, type OpsError } from '../../../lib/errors/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import type { EksWant } from '../../../lib/inventory/sections/cluster.ts';
import { destroySite } from '../../../lib/site/teardown.ts';
import { wanted } from '../../host/ec2/world.ts';
import { clientOf } from '../../servers/aws/clients.ts';
import { type ClusterRecord, eksOf } from '../../servers/aws/eks/state.ts';
import type { AwsServer } from '../../servers/aws/server.ts';
import { ACCOUNT, endWorld, newWorld, siteOf, using, type World } from './world.ts';

/** A cluster as Terraform makes it, by another user: nothing of it bears a tag of ours. */
export interface Theirs {
  ec2: EC2;
  eks: EKS;
  iam: IAM;
  vpc: string;
  subnets: string[];
  close(): void;
}

const REGION = 'eu-central-1';
export const PLATFORM = 'platform';
export const OPERATOR = `arn:aws:iam::${ACCOUNT}:user/operator`;
const ADMIN = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

async function role(iam: IAM, RoleName: string, service: string, policies: string[], ...actions: string[]) {
  const Statement = [{ Effect: 'Allow', Principal: { Service: service }, Action: ['sts:AssumeRole', ...actions] }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.createRole({ RoleName, AssumeRolePolicyDocument });
  for (const name of policies) await iam.attachRolePolicy({ RoleName, PolicyArn: `arn:aws:iam::aws:policy/${name}` });
  return `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
}

async function network(ec2: EC2): Promise<Pick<Theirs, 'vpc' | 'subnets'>> {
  const vpc = (await ec2.createVpc({ CidrBlock: '10.99.0.0/16' })).Vpc?.VpcId ?? '';
  const InternetGatewayId = (await ec2.createInternetGateway({})).InternetGateway?.InternetGatewayId;
  await ec2.attachInternetGateway({ InternetGatewayId, VpcId: vpc });
  const RouteTableId = (await ec2.createRouteTable({ VpcId: vpc })).RouteTable?.RouteTableId;
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId });
  const made = ['eu-central-1a', 'eu-central-1b'].map(async (AvailabilityZone, n) => {
    const { Subnet } = await ec2.createSubnet({ VpcId: vpc, CidrBlock: `10.99.${n}.0/24`, AvailabilityZone });
    await ec2.associateRouteTable({ RouteTableId, SubnetId: Subnet?.SubnetId });
    await ec2.modifySubnetAttribute({ SubnetId: Subnet?.SubnetId, MapPublicIpOnLaunch: { Value: true } });
    return Subnet?.SubnetId ?? '';
  });
  return { vpc, subnets: await Promise.all(made) };
}

/** Network, roles, and the order for a control plane: it is ACTIVE when the stand-in has settled. */
async function theirCluster(aws: AwsServer, version: string): Promise<Theirs> {
  const keys = aws.world.user('terraform');
  const [ec2, eks, iam] = [clientOf(EC2, aws, { keys }), clientOf(EKS, aws, { keys }), clientOf(IAM, aws, { keys })];
  const close = () => [ec2, eks, iam].forEach(client => void client.destroy());
  const { vpc, subnets } = await network(ec2);
  const roleArn = await role(iam, 'their-cluster', 'eks.amazonaws.com', ['AmazonEKSClusterPolicy']);
  await role(iam, 'their-node', 'ec2.amazonaws.com', [
    'AmazonEKSWorkerNodePolicy',
    'AmazonEC2ContainerRegistryPullOnly',
  ]);
  await role(iam, 'their-cni', 'pods.eks.amazonaws.com', ['AmazonEKS_CNI_Policy'], 'sts:TagSession');
  await pause(250);
  const accessConfig = { authenticationMode: 'API' as const, bootstrapClusterCreatorAdminPermissions: true };
  const tags = { managed: 'terraform' };
  await eks.createCluster({
    ...{ name: PLATFORM, version, roleArn, resourcesVpcConfig: { subnetIds: subnets }, accessConfig, tags },
  });
  return { ec2, eks, iam, vpc, subnets, close };
}

async function activeCluster({ eks }: Theirs): Promise<void> {
  while ((await eks.describeCluster({ name: PLATFORM })).cluster?.status !== 'ACTIVE') await pause(20);
}

/** One that runs pods, and lets the operator do everything. */
export async function theirPlatform(aws: AwsServer, version = '1.35'): Promise<Theirs> {
  const theirs = await theirCluster(aws, version);
  const { eks, subnets } = theirs;
  await activeCluster(theirs);
  const of = { clusterName: PLATFORM };
  await eks.createAddon({
    ...{ ...of, addonName: 'vpc-cni', addonVersion: 'v1.21.3-eksbuild.1' },
    podIdentityAssociations: [{ serviceAccount: 'aws-node', roleArn: `arn:aws:iam::${ACCOUNT}:role/their-cni` }],
  });
  const nodeRole = `arn:aws:iam::${ACCOUNT}:role/their-node`;
  const scalingConfig = { minSize: 1, maxSize: 2, desiredSize: 1 };
  await eks.createNodegroup({ ...of, nodegroupName: 'default', nodeRole, subnets, scalingConfig });
  await letIn(theirs);
  while ((await eks.describeNodegroup({ ...of, nodegroupName: 'default' })).nodegroup?.status !== 'ACTIVE')
    await pause(20);
  return theirs;
}

export async function letIn({ eks }: Theirs): Promise<void> {
  const of = { clusterName: PLATFORM, principalArn: OPERATOR };
  await eks.createAccessEntry({ ...of, type: 'STANDARD' });
  await eks.associateAccessPolicy({ ...of, policyArn: ADMIN, accessScope: { type: 'cluster' } });
}

/** A site of ours in it. */
export const inTheirs = (
  { vpc, subnets }: Pick<Theirs, 'vpc' | 'subnets'>,
  want: Partial<EksWant> = {},
  name = 'cloudy',
): Site => ({
  ...siteOf({ existing: PLATFORM, nodes: [], admins: [], ...want }, name),
  provider: wanted({ network: { cidr: '10.20.0.0/16', nat: false, vpc, subnets } }),
});

/** All of it that could be changed, as its owner sees it. */
export async function seenByOwner({ eks, iam, ec2, vpc }: Theirs) {
  const of = { clusterName: PLATFORM };
  const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
  const [cluster, group, addon, entries, role, vpcs, subnets, groups] = await Promise.all([
    eks.describeCluster({ name: PLATFORM }),
    eks.describeNodegroup({ ...of, nodegroupName: 'default' }),
    eks.describeAddon({ ...of, addonName: 'vpc-cni' }),
    eks.listAccessEntries(of),
    iam.getRole({ RoleName: 'their-node' }),
    ec2.describeVpcs({ VpcIds: [vpc] }),
    ec2.describeSubnets({ Filters }),
    ec2.describeSecurityGroups({ Filters }),
  ]);
  return [cluster, group, addon, entries, role, vpcs, subnets, groups].map(({ $metadata: _, ...answer }) => answer);
}

/** The actions of the policy that is printed for such a site. */
export const mayLook = (site: string): string[] =>
  policyFor({ account: ACCOUNT, region: REGION, site, cluster: 'eks', existing: true }).Statement.flatMap(
    ({ Action }) => Action,
  );

/** muster asked, and wrote nothing. */
export function mustHaveLooked({ calls }: Pick<AwsServer, 'calls'>): void {
  const ours = calls.filter(({ caller }) => caller === OPERATOR);
  assert.ok(ours.length > 0);
  assert.equal(
    ours.flatMap(({ operation }) => (/^(Describe|Get|List)/.test(operation) ? [] : operation)),
    [],
  );
}

export interface Context extends World {
  theirs: Theirs;
}

/** Each test has a world with their platform, in which muster may look, and is seen to have changed nothing. */
export function inTheirWorld(test: Test<Context>): void {
  test.before.each(async context => {
    Object.assign(context, await newWorld({ pageSize: 1000 }));
    context.aws.keys.allowed = mayLook('cloudy');
    context.theirs = await theirPlatform(context.aws);
  });
  test.after.each(async context => {
    context.theirs.close();
    assert.equal(context.aws.unknown(), []);
    mustHaveLooked(context.aws);
    await endWorld(context);
  });
}

export const recordOf = ({ aws }: World): ClusterRecord => {
  const found = eksOf({ world: aws.world, account: ACCOUNT, region: REGION }).clusters.get(PLATFORM);
  assert.ok(found);
  return found;
};

export const destroyIn = (world: World, site: Site) => using(world, site, opened => destroySite(opened));

export async function failureOf(promise: Promise<unknown>): Promise<OpsError> {
  const thrown = await promise.then(
    () => 'it was done',
    failure => failure,
  );
  assert.ok(isOpsError(thrown), String(thrown));
  return thrown;
}
