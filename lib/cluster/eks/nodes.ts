import type { Nodegroup } from '@aws-sdk/client-eks';
import type { AnyStep, Change, Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { TAG } from '../../host/ec2/tags.ts';
import type { Network } from '../../host/provider.ts';
import { archOf } from '../../inventory/checks/eks.ts';
import { minutes } from '../../time/index.ts';
import { addonsWanted } from './addon-list.ts';
import { AWAIT } from './decide.ts';
import { TAINT } from './fence-objects.ts';
import {
  AGAIN,
  decideGroup,
  decideLeft,
  type GroupFacts,
  type GroupSeen,
  type GroupWant,
  groupWhat,
  SIZE,
} from './nodes-decide.ts';
import { groupNames } from './observe.ts';
import { failed, foreign, tokenOf, unlessAbsent, unlessDone, until, updateDone, whileRoleIsNew } from './patience.ts';
import { roleArn } from './role.ts';
import { clusterName, type Eks, tagsFor } from './site.ts';
import { after, eksStep } from './step.ts';

/** EKS takes three to five minutes for machines that join. */
const MAKE = minutes(15);
/** An upgrade drains node by node. */
const UPGRADE = minutes(60);

const GIB = 2 ** 30;

const stepOf = (name: string) => `eks.nodes.${name}`;

/** eks.nodes.<name>, one a group; and eks.nodes-left: groups that left the inventory go when the others work. */
export function nodeSteps(eks: Eks): AnyStep[] {
  const addons = addonsWanted(eks.site).map(({ name }) => `eks.addon.${name}`);
  const groups = eks.want.nodes.map(({ arch, ...group }): GroupWant => {
    const type = (arch ?? archOf(group.instance)) === 'arm64' ? 'AL2023_ARM_64_STANDARD' : 'AL2023_x86_64_STANDARD';
    const { desired } = group;
    // A node that comes later is let in by nobody.
    const size = eks.fence && { min: desired, max: Math.max(1, desired) };
    return { ...group, ...size, disk: group.disk / GIB, ami: type, version: eks.want.version };
  });
  return [...groups.map(group => groupStep(eks, group, addons)), leftStep(eks, groups)];
}

function groupStep(eks: Eks, want: GroupWant, addons: readonly string[]): AnyStep {
  const { name } = want;
  return eksStep<GroupWant, GroupFacts>(eks, {
    id: stepOf(name),
    title: `Run the nodes ${name}: ${want.desired} x ${want.instance}`,
    want,
    // Without a network plugin no node gets Ready; and upgrades go control plane, add-ons, nodes.
    needs: after('eks.cluster', 'eks.roles', ...addons),
    deadline: MAKE + UPGRADE,
    destroys: true,
    nothing: { name },
    observe: async () => ({ name, ...(await observeGroup(eks, name)) }),
    decide: decideGroup,
    act: (change, ctx) => act(eks, want, change, ctx),
  });
}

async function observeGroup(eks: Eks, name: string): Promise<{ group?: GroupSeen }> {
  const of = { clusterName: clusterName(eks), nodegroupName: name };
  const what = `look at the node group ${name}`;
  const found = await unlessAbsent(eks.aws.call('eks', what, sdk => new sdk.DescribeNodegroupCommand(of)));
  return found?.nodegroup ? { group: groupSeen(found.nodegroup, eks.site.name) } : {};
}

function groupSeen(group: Nodegroup, site: string): GroupSeen {
  const { status = '', version = '', scalingConfig = {}, instanceTypes = [], diskSize = 0, amiType = '' } = group;
  const { minSize: min = 0, maxSize: max = 0, desiredSize: desired = 0 } = scalingConfig;
  return {
    ours: group.tags?.[TAG.site] === site,
    ...{ status, version, min, max, desired },
    machine: [instanceTypes.join(','), `${diskSize} GiB`, amiType].join(', '),
    issues: (group.health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`),
  };
}

async function act(eks: Eks, want: GroupWant, change: Change, ctx: Ctx): Promise<void> {
  const { name, version } = want;
  if (change.what === AWAIT) return active(eks, name, UPGRADE, ctx);
  if (change.action === 'delete' || change.what === AGAIN) return remove(eks, name, ctx);
  if (change.action === 'create') return create(eks, want, ctx);
  const of = { clusterName: clusterName(eks), nodegroupName: name };
  const wish = change.what === SIZE ? { scalingConfig: scaling(want) } : { version };
  const request = { ...of, ...wish, clientRequestToken: tokenOf(ctx, { ...of, ...wish, from: change.from }) };
  const what = `update ${change.what} of ${name}`;
  const again = { again: true };
  const { update } =
    'version' in wish
      ? await eks.aws.call('eks', what, sdk => new sdk.UpdateNodegroupVersionCommand(request), again)
      : await eks.aws.call('eks', what, sdk => new sdk.UpdateNodegroupConfigCommand(request), again);
  await updateDone(eks, ctx, what, UPGRADE, { updateId: update?.id ?? '', nodegroupName: name });
  await active(eks, name, minutes(5), ctx);
}

const scaling = ({ min, max, desired }: GroupWant) => ({ minSize: min, maxSize: max, desiredSize: desired });

/** Private where there is a way out of it, which costs; else public, with addresses of their own. Of a brought network: all. */
export function nodeSubnets(nat: boolean, { subnets }: Network): string[] {
  const some = subnets.filter(subnet => subnet.public !== nat);
  return (some.length > 0 ? some : subnets).map(({ id }) => id).sort();
}

async function create(eks: Eks, want: GroupWant, ctx: Ctx): Promise<void> {
  const { name, instance, disk, ami, version } = want;
  const network = await eks.network();
  if (!network) throw new OpsError('INTERNAL', `cannot make the node group ${name}: its network is not there`);
  const wish = {
    clusterName: clusterName(eks),
    nodegroupName: name,
    subnets: nodeSubnets(eks.cloud.network.nat, network),
    nodeRole: roleArn(eks.site, eks.cloud, 'node'),
    instanceTypes: [instance],
    diskSize: disk,
    amiType: ami,
    version,
    scalingConfig: scaling(want),
    updateConfig: { maxUnavailable: 1 },
    ...(eks.fence && { taints: [{ ...TAINT, effect: 'NO_SCHEDULE' as const }] }),
  };
  const request = { ...wish, clientRequestToken: tokenOf(ctx, wish), tags: tagsFor(eks, ctx, `eks/nodes/${name}`) };
  const order = () =>
    eks.aws.call('eks', `make the node group ${name}`, sdk => new sdk.CreateNodegroupCommand(request), { again: true });
  await whileRoleIsNew(ctx, `node group ${name}`, () => unlessDone(order(), 'ResourceInUseException'));
  await active(eks, name, MAKE, ctx);
}

const active = (eks: Eks, name: string, deadline: number, ctx: Ctx): Promise<void> =>
  until(ctx, `node group ${name} to be ACTIVE`, deadline, async () => {
    const { group } = await observeGroup(eks, name);
    if (!group) return { saw: 'not in the list' };
    if (!group.ours) throw foreign(`node group ${name}`);
    if (group.status === 'ACTIVE') return { value: undefined };
    if (group.status === 'CREATE_FAILED') throw failed(`node group ${name}`, group.status, group.issues);
    return { saw: [group.status, ...group.issues].join('; ') };
  });

async function remove(eks: Eks, name: string, ctx: Ctx): Promise<void> {
  const of = { clusterName: clusterName(eks), nodegroupName: name };
  await until(ctx, `node group ${name} gone`, MAKE, async () => {
    const { group } = await observeGroup(eks, name);
    if (!group) return { value: undefined };
    if (group.status !== 'DELETING') {
      const what = `remove the node group ${name}`;
      const order = eks.aws.call('eks', what, sdk => new sdk.DeleteNodegroupCommand(of), { again: true });
      await unlessDone(unlessAbsent(order), 'ResourceInUseException');
    }
    return { saw: [group.status, ...group.issues].join('; ') };
  });
}

/** What a new name in the inventory left behind: drained and removed once the groups that it names work. */
function leftStep(eks: Eks, groups: readonly GroupWant[]): AnyStep {
  const keep = groups.map(({ name }) => name);
  return eksStep<{ keep: readonly string[] }, { left: readonly string[] }>(eks, {
    id: 'eks.nodes-left',
    title: 'Remove node groups that left the inventory',
    want: { keep },
    needs: after('eks.cluster', 'eks.roles', ...keep.map(stepOf)),
    deadline: MAKE,
    nothing: { left: [] },
    async observe() {
      const others = (await groupNames(eks)).filter(name => !keep.includes(name));
      const seen = await Promise.all(others.map(async name => ({ name, ...(await observeGroup(eks, name)) })));
      return { left: seen.filter(({ group }) => group?.ours).map(({ name }) => name) };
    },
    decide: decideLeft,
    async act(change, ctx) {
      const name = groupWhat.nameOf(change.what);
      await remove(eks, name, ctx);
    },
  });
}
