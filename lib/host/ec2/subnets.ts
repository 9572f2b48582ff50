import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { createOnce, patiently, removeWhole, until } from './patience.ts';
import { after, ask, type Cloud, changes, cloudStep, done, repeat, tagged, unknown } from './step.ts';
import { roleOf } from './tags.ts';
import { vpcId } from './vpc.ts';

/** Public ones give machines an address of the internet; private ones are for what nobody outside is to reach. */
export const SUBNETS = ['public-a', 'public-b', 'private-a', 'private-b'] as const;
export type SubnetName = (typeof SUBNETS)[number];

export const subnetRole = (name: SubnetName): string => `subnet/${name}`;
const isPublic = (name: SubnetName) => name.startsWith('public');
/** The first zone or the second. */
const zoneOf = (name: SubnetName) => (name.endsWith('a') ? 0 : 1);

/**
 * "View Amazon EKS networking requirements for VPC and subnets": ids of zones in which it takes no subnet of a cluster. Names of
 * zones are an account's own.
 */
const CLOSED_TO_EKS = ['use1-az3', 'usw1-az2', 'cac1-az3'];

export interface SubnetFacts {
  /** Usable ones of the region, sorted. */
  zones: string[];
  /** Those among them that EKS does not take, of a site on EKS. */
  closed: string[];
  subnets: { id: string; role: string; zone: string; addresses: boolean }[];
}

interface SubnetsWant {
  cidr: string;
  /** Of the inventory. */
  zones?: readonly string[];
}

/** ec2.subnets: public and private ones in two zones. */
export function subnetsStep(cloud: Cloud) {
  const { zones: chosen } = cloud.want.network;
  const guess = chosen ?? ['a', 'b'].map(letter => `${cloud.want.region}${letter}`);
  return cloudStep<SubnetsWant, SubnetFacts>(cloud, {
    id: 'ec2.subnets',
    title: 'Make its subnets: public and private, in two zones',
    want: { cidr: cloud.want.network.cidr, ...(chosen && { zones: chosen }) },
    needs: after('ec2.vpc'),
    deadline: minutes(20),
    nothing: { zones: [...guess], closed: [], subnets: [] },
    async observe() {
      const [zones, subnets] = await Promise.all([cloud.view.see('zones'), cloud.view.see('subnets')]);
      const eks = cloud.site.cluster.kind === 'eks';
      return {
        zones: zones.map(({ name }) => name),
        closed: zones.filter(({ id }) => eks && CLOSED_TO_EKS.includes(id)).map(({ name }) => name),
        subnets: subnets.map(subnet => ({
          id: subnet.SubnetId ?? '',
          role: roleOf(subnet),
          zone: subnet.AvailabilityZone ?? '',
          addresses: subnet.MapPublicIpOnLaunch === true,
        })),
      };
    },
    decide: decideSubnets,
    changes: ['subnets'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });
}

/** A quarter each of the network, in the order of their names above. */
export function subnetCidr(network: string, name: SubnetName): string {
  const [address = '', length = ''] = network.split('/');
  const bits = Number(length) + 2;
  const start = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const at = start + SUBNETS.indexOf(name) * 2 ** (32 - bits);
  return `${[24, 16, 8, 0].map(shift => Math.floor(at / 2 ** shift) % 256).join('.')}/${bits}`;
}

/** Of an existing one of its letter; else the first or second that no other letter has. */
function zoneFor(name: SubnetName, zones: readonly string[], { subnets }: SubnetFacts): string | undefined {
  const letter = name.slice(-2);
  const own = subnets.find(({ role }) => role.endsWith(letter))?.zone;
  if (own !== undefined) return own;
  const other = subnets.find(({ role }) => !role.endsWith(letter))?.zone;
  const free = zones.filter(zone => zone !== other);
  return other === undefined ? zones[zoneOf(name)] : free[0];
}

function refusal(
  chosen: readonly string[],
  usable: readonly string[],
  { subnets, closed }: SubnetFacts,
): string | undefined {
  // One that is away for a while keeps what stands in it.
  const wrong = chosen.find(zone => !usable.includes(zone) && subnets.every(other => other.zone !== zone));
  if (wrong !== undefined) {
    const why = closed.includes(wrong) ? `EKS takes no subnet in ${wrong}` : `the region has no zone ${wrong} to use`;
    return `${why}: provider.network.zones may be two of ${usable.join(', ')}`;
  }
  const other = subnets.find(({ zone }) => !chosen.includes(zone));
  return (
    other &&
    `${other.role} is in ${other.zone}, expected ${chosen.join(' or ')}: a network is made anew with its site, never moved`
  );
}

const shown = (name: string) => `subnet ${name}`;
const addressesOf = (name: string) => `public addresses in subnet ${name}`;

export function decideSubnets(want: SubnetsWant | undefined, facts: SubnetFacts): Decision {
  const { subnets, closed } = facts;
  if (want === undefined)
    return subnets.length === 0
      ? done('there are none')
      : changes(...subnets.map(({ id }) => ({ action: 'delete', what: shown(id) }) as const));
  const usable = facts.zones.filter(zone => !closed.includes(zone));
  if (usable.length < 2)
    return unknown(`the region has ${usable.length} zone(s) to use (${usable.join(', ')}), and two are needed`);
  const refused = want.zones && refusal(want.zones, usable, facts);
  if (refused !== undefined) return unknown(refused);
  const double = SUBNETS.find(name => subnets.filter(({ role }) => role === subnetRole(name)).length > 1);
  if (double) return unknown(`there are two subnets ${double}; remove the one that nothing uses`);
  const wanted = SUBNETS.flatMap((name): Omit<Change, 'grade'>[] => {
    const there = subnets.find(({ role }) => role === subnetRole(name));
    const named = { action: 'update', what: addressesOf(name), to: 'on' } as const;
    const open = isPublic(name) && !there?.addresses ? [named] : [];
    if (there) return open;
    const to = `${subnetCidr(want.cidr, name)} in ${zoneFor(name, want.zones ?? usable, facts)}`;
    return [{ action: 'create', what: shown(name), to }, ...open];
  });
  if (wanted.length > 0) return changes(...wanted);
  return done(`four in ${[...new Set(subnets.map(({ zone }) => zone))].sort().join(' and ')}`);
}

async function apply(cloud: Cloud, change: Change, ctx: Ctx): Promise<unknown> {
  const name = change.what.split(' ').at(-1) ?? '';
  if (change.action === 'delete') return remove(cloud, name, ctx);
  const find = async () => (await cloud.view.look('subnets')).find(subnet => roleOf(subnet) === `subnet/${name}`);
  if (change.action === 'update') {
    const SubnetId = (await find())?.SubnetId ?? '';
    const call = () =>
      repeat(
        cloud,
        `give machines in ${SubnetId} public addresses`,
        sdk => new sdk.ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }),
      );
    await patiently(change.what, call, ctx);
    return until(change.what, minutes(1), async () => ((await find())?.MapPublicIpOnLaunch ? true : undefined), ctx);
  }
  const VpcId = await vpcId(cloud);
  const [CidrBlock = '', AvailabilityZone = ''] = change.to?.split(' in ') ?? [];
  const tags = withBalancers(tagged(cloud, ctx, `subnet/${name}`, 'subnet'), name);
  const request = { VpcId, CidrBlock, AvailabilityZone, ...tags };
  const create = () => ask(cloud, `make the subnet ${name}`, sdk => new sdk.CreateSubnetCommand(request));
  await createOnce({ change, find, create: () => patiently(change.what, create, ctx) }, ctx);
  return until(change.what, minutes(1), async () => ((await find())?.State === 'available' ? true : undefined), ctx);
}

/** By these tags Kubernetes finds where its load balancers may stand. */
function withBalancers({ TagSpecifications }: ReturnType<typeof tagged>, name: string) {
  const Key = name.startsWith('public') ? 'kubernetes.io/role/elb' : 'kubernetes.io/role/internal-elb';
  return { TagSpecifications: TagSpecifications.map(each => ({ ...each, Tags: [...each.Tags, { Key, Value: '1' }] })) };
}

const remove = (cloud: Cloud, SubnetId: string, ctx: Ctx) =>
  removeWhole(
    shown(SubnetId),
    () => repeat(cloud, `remove the subnet ${SubnetId}`, sdk => new sdk.DeleteSubnetCommand({ SubnetId })),
    async () => (await cloud.view.look('subnets')).some(subnet => subnet.SubnetId === SubnetId),
    ctx,
  );

/** Subnets that machines start in: the public ones, the first zone first; of a network that was brought, the named ones. */
export async function machineSubnets({ view, want }: Cloud): Promise<{ id: string; zone: string }[]> {
  const subnets = await view.see('subnets');
  const { subnets: named } = want.network;
  const ids =
    named ??
    (['public-a', 'public-b'] as const).flatMap(name => {
      const found = subnets.find(subnet => roleOf(subnet) === subnetRole(name));
      return found?.SubnetId ?? [];
    });
  return ids.map(id => ({ id, zone: subnets.find(({ SubnetId }) => SubnetId === id)?.AvailabilityZone ?? '' }));
}
