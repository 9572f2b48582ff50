import type { Filter } from '@aws-sdk/client-ec2';
import type { Aws, Command, Sdk } from '../../aws/index.ts';
import type { Ec2Want } from '../../inventory/index.ts';
import { isOfCluster, OF_CLUSTER, TAG, type Tagged, tagOf } from './tags.ts';

type Ec2 = Sdk<'ec2'>;

/** All pages of a list. */
export async function pages<Output extends { NextToken?: string | undefined }, Row>(
  aws: Aws,
  what: string,
  make: (sdk: Ec2, NextToken?: string) => Command<Output>,
  rows: (output: Output) => Row[] | undefined,
): Promise<Row[]> {
  const all: Row[] = [];
  let token: string | undefined;
  do {
    const output = await aws.call('ec2', what, sdk => make(sdk, token));
    all.push(...(rows(output) ?? []));
    token = output.NextToken;
  } while (token !== undefined && token !== '');
  return all;
}

/** What one site is found by. */
export interface Asked {
  aws: Aws;
  site: string;
  network: Ec2Want['network'];
}

/** Instead of a site's name: EC2 takes it for any value. What bears no site's tag is not shown then. */
export const EVERY_SITE = '*';

const bySite = (site: string): Filter[] => [{ Name: `tag:${TAG.site}`, Values: [site] }];

const lister =
  ({ aws, site }: Asked) =>
  <Output extends { NextToken?: string | undefined }, Row>(
    what: string,
    make: (sdk: Ec2, NextToken?: string) => Command<Output>,
    rows: (output: Output) => Row[] | undefined,
  ) =>
    pages(aws, `list ${what} of ${site}`, make, rows);

export function networkQuestions(asked: Asked) {
  const { aws, site, network } = asked;
  const Filters = bySite(site);
  const ofVpc = network.vpc === undefined ? { Filters } : { VpcIds: [network.vpc] };
  const ofSubnets = network.subnets === undefined ? { Filters } : { SubnetIds: [...network.subnets] };
  const list = lister(asked);
  return {
    zones: async () => {
      const usable = [
        { Name: 'zone-type', Values: ['availability-zone'] },
        { Name: 'state', Values: ['available'] },
        { Name: 'opt-in-status', Values: ['opt-in-not-required', 'opted-in'] },
      ];
      const make = (sdk: Ec2) => new sdk.DescribeAvailabilityZonesCommand({ Filters: usable });
      const { AvailabilityZones = [] } = await aws.call('ec2', `list the zones of ${aws.region}`, make);
      const named = AvailabilityZones.map(({ ZoneName: name = '', ZoneId: id = '' }) => ({ name, id }));
      return named.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    vpcs: () =>
      list(
        'VPCs',
        (sdk, NextToken) => new sdk.DescribeVpcsCommand({ ...ofVpc, NextToken }),
        ({ Vpcs }) => Vpcs,
      ),
    subnets: () =>
      list(
        'subnets',
        (sdk, NextToken) => new sdk.DescribeSubnetsCommand({ ...ofSubnets, NextToken }),
        ({ Subnets }) => Subnets,
      ),
    gateways: () =>
      list(
        'internet gateways',
        (sdk, NextToken) => new sdk.DescribeInternetGatewaysCommand({ Filters, NextToken }),
        ({ InternetGateways }) => InternetGateways,
      ),
    tables: () =>
      list(
        'route tables',
        (sdk, NextToken) => new sdk.DescribeRouteTablesCommand({ Filters, NextToken }),
        ({ RouteTables }) => RouteTables,
      ),
    nats: () =>
      list(
        'NAT gateways',
        (sdk, NextToken) => new sdk.DescribeNatGatewaysCommand({ Filter: Filters, NextToken }),
        ({ NatGateways }) => NatGateways,
      ),
  };
}

/** Machines and what they stand on; and what Kubernetes makes behind our back, which bears its own tags. */
export function machineQuestions(asked: Asked) {
  const { aws, site } = asked;
  const Filters = bySite(site);
  const list = lister(asked);
  // Filters of different names are all met: what may bear one tag or the other is asked for by the keys, and looked through.
  const keys = [TAG.site, `kubernetes.io/cluster/${site}`, ...OF_CLUSTER];
  const either: Filter[] = site === EVERY_SITE ? Filters : [{ Name: 'tag-key', Values: keys }];
  const ofSite = <Row extends Tagged>(rows: Row[] | undefined) =>
    site === EVERY_SITE ? rows : rows?.filter(row => tagOf(row, TAG.site) === site || isOfCluster(row, site));
  return {
    groups: () =>
      list(
        'security groups',
        (sdk, NextToken) => new sdk.DescribeSecurityGroupsCommand({ Filters: either, NextToken }),
        ({ SecurityGroups }) => ofSite(SecurityGroups),
      ),
    keys: async () => {
      const make = (sdk: Ec2) => new sdk.DescribeKeyPairsCommand({ Filters, IncludePublicKey: true });
      return (await aws.call('ec2', `list key pairs of ${site}`, make)).KeyPairs ?? [];
    },
    /** The terminated ones too, as long as AWS shows them: a ClientToken keeps pointing at them. */
    instances: () =>
      list(
        'instances',
        (sdk, NextToken) => new sdk.DescribeInstancesCommand({ Filters, NextToken }),
        ({ Reservations }) => Reservations?.flatMap(({ Instances }) => Instances ?? []),
      ),
    addresses: async () => {
      const make = (sdk: Ec2) => new sdk.DescribeAddressesCommand({ Filters });
      return (await aws.call('ec2', `list addresses of ${site}`, make)).Addresses ?? [];
    },
    volumes: () =>
      list(
        'volumes',
        (sdk, NextToken) => new sdk.DescribeVolumesCommand({ Filters: either, NextToken }),
        ({ Volumes }) => ofSite(Volumes),
      ),
    snapshots: () =>
      list(
        'snapshots',
        (sdk, NextToken) => new sdk.DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters: either, NextToken }),
        ({ Snapshots }) => ofSite(Snapshots),
      ),
    interfaces: () =>
      list(
        'network interfaces',
        (sdk, NextToken) => new sdk.DescribeNetworkInterfacesCommand({ Filters: either, NextToken }),
        ({ NetworkInterfaces }) => ofSite(NetworkInterfaces?.map(each => ({ ...each, Tags: each.TagSet }))),
      ),
    templates: () =>
      list(
        'launch templates',
        (sdk, NextToken) => new sdk.DescribeLaunchTemplatesCommand({ Filters, NextToken }),
        ({ LaunchTemplates }) => LaunchTemplates,
      ),
  };
}
