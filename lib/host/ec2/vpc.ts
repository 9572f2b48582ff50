import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { createOnce, patiently, removeWhole, until } from './patience.ts';
import { ask, type Cloud, changes, cloudStep, done, repeat, tagged, twice, unknown } from './step.ts';

interface VpcWant {
  cidr: string;
}

export interface VpcFacts {
  vpcs: { id: string; cidr: string; available: boolean }[];
  /** Machines in it get DNS names. */
  names: boolean;
}

const HOSTNAMES = 'DNS names in the VPC';

/** ec2.vpc: the network that everything else is in. */
export const vpcStep = (cloud: Cloud) =>
  cloudStep<VpcWant, VpcFacts>(cloud, {
    id: 'ec2.vpc',
    title: `Make the network ${cloud.want.network.cidr} in ${cloud.want.region}`,
    want: { cidr: cloud.want.network.cidr },
    deadline: minutes(15),
    nothing: { vpcs: [], names: false },
    observe: () => observe(cloud),
    decide: decideVpc,
    changes: ['vpcs'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });

/** The one VPC of the site. */
export const vpcId = async ({ view }: Cloud): Promise<string> => (await view.see('vpcs'))[0]?.VpcId ?? '';

async function observe({ aws, view }: Cloud): Promise<VpcFacts> {
  const vpcs = (await view.see('vpcs')).map(({ VpcId = '', CidrBlock = '', State }) => ({
    id: VpcId,
    cidr: CidrBlock,
    available: State === 'available',
  }));
  const [vpc] = vpcs;
  if (!vpc) return { vpcs, names: false };
  const { EnableDnsHostnames } = await aws.call(
    'ec2',
    `look at the network ${vpc.id}`,
    sdk => new sdk.DescribeVpcAttributeCommand({ VpcId: vpc.id, Attribute: 'enableDnsHostnames' }),
  );
  return { vpcs, names: EnableDnsHostnames?.Value === true };
}

const nameOf = (cidr: string) => `VPC ${cidr}`;

export function decideVpc(want: VpcWant | undefined, { vpcs, names }: VpcFacts): Decision {
  const [vpc] = vpcs;
  if (want === undefined)
    return vpc
      ? changes(...vpcs.map(({ id, cidr }) => ({ action: 'delete', what: `${nameOf(cidr)} (${id})` }) as const))
      : done('there is none');
  if (vpcs.length > 1)
    return twice(
      'the network',
      vpcs.map(({ id }) => id),
    );
  const named = { action: 'update', what: HOSTNAMES, to: 'on' } as const;
  if (!vpc) return changes({ action: 'create', what: nameOf(want.cidr) }, named);
  if (vpc.cidr !== want.cidr)
    return unknown(
      `${vpc.id} has ${vpc.cidr}, expected ${want.cidr}: a network is made anew with its site, never moved`,
    );
  if (!vpc.available) return changes({ action: 'run', what: `wait for ${vpc.id}` }, named);
  return names ? done(`${vpc.id} has ${vpc.cidr}`) : changes({ ...named, from: 'off' });
}

async function apply(cloud: Cloud, change: Change, ctx: Ctx): Promise<unknown> {
  if (change.action === 'delete') return remove(cloud, change.what, ctx);
  if (change.what === HOSTNAMES) return nameMachines(cloud, await vpcId(cloud), ctx);
  const CidrBlock = cloud.want.network.cidr;
  const tags = tagged(cloud, ctx, 'vpc', 'vpc');
  const look = async () => (await cloud.view.look('vpcs'))[0];
  const create = () =>
    ask(cloud, `make the network ${CidrBlock}`, sdk => new sdk.CreateVpcCommand({ CidrBlock, ...tags }));
  const made = await createOnce({ change, find: look, create }, ctx);
  const available = async () => ((await look())?.State === 'available' ? true : undefined);
  return until(`${made.VpcId} available`, minutes(2), available, ctx, 'pending');
}

const nameMachines = (cloud: Cloud, VpcId: string, ctx: Ctx) =>
  patiently(
    HOSTNAMES,
    () =>
      repeat(
        cloud,
        `give machines in ${VpcId} DNS names`,
        sdk => new sdk.ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }),
      ),
    ctx,
  );

function remove(cloud: Cloud, what: string, ctx: Ctx): Promise<void> {
  const VpcId = /\((vpc-\w+)\)$/.exec(what)?.[1] ?? '';
  return removeWhole(
    what,
    () => repeat(cloud, `remove ${what}`, sdk => new sdk.DeleteVpcCommand({ VpcId })),
    async () => (await cloud.view.look('vpcs')).some(vpc => vpc.VpcId === VpcId),
    ctx,
  );
}
