import type { Nodegroup } from '@aws-sdk/client-eks';
import type { AnyStep, Change, Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { nodesRole } from '../../host/ec2/left-nodes.ts';
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
  type LeftFacts,
  MADE,
  machineWords,
  SIZE,
  templateWhat,
} from './nodes-decide.ts';
import { groupNames } from './observe.ts';
import { failed, foreign, tokenOf, unlessAbsent, unlessDone, until, updateDone, whileRoleIsNew } from './patience.ts';
import { roleArn } from './role.ts';
import { clusterName, type Eks, tagsFor } from './site.ts';
import { after, eksStep } from './step.ts';
import { makeTemplate, observeTemplate, removeTemplate, templatesOf, templateWords, versionOf } from './template.ts';

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
    observe: (_, removing) => observe(eks, name, removing),
    decide: decideGroup,
    act: (change, ctx) => act(eks, want, change, ctx),
  });
}

async function observe(eks: Eks, name: string, removing: boolean): Promise<GroupFacts> {
  const found = await describeGroup(eks, name);
  const group = found && groupSeen(found, eks.site.name);
  if (!found || !group || group.status === 'CREATE_FAILED' || removing)
    return { name, ...(group && { group }), ...(await observeTemplate(eks, name)) };
  const machine = await machineOf(eks, found);
  return { name, group: { ...group, ...(machine !== undefined && { machine }) } };
}

async function describeGroup(eks: Eks, name: string): Promise<Nodegroup | undefined> {
  const of = { clusterName: clusterName(eks), nodegroupName: name };
  const what = `look at the node group ${name}`;
  return (await unlessAbsent(eks.aws.call('eks', what, sdk => new sdk.DescribeNodegroupCommand(of))))?.nodegroup;
}

async function observeGroup(eks: Eks, name: string): Promise<GroupSeen | undefined> {
  const found = await describeGroup(eks, name);
  return found && groupSeen(found, eks.site.name);
}

function groupSeen(group: Nodegroup, site: string): GroupSeen {
  const { status = '', version = '', scalingConfig = {}, launchTemplate: template } = group;
  const { minSize: min = 0, maxSize: max = 0, desiredSize: desired = 0 } = scalingConfig;
  return {
    ours: group.tags?.[TAG.site] === site,
    ...{ status, version, min, max, desired },
    ...(template && { template: { name: template.name ?? '', version: template.version ?? '' } }),
    issues: (group.health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`),
  };
}

/** As the version of the template says that it uses; of a group without one EKS says it itself. */
async function machineOf(eks: Eks, group: Nodegroup): Promise<string | undefined> {
  const { launchTemplate: of, instanceTypes = [], diskSize = 0, amiType = '' } = group;
  if (!of) return [machineWords({ instance: instanceTypes.join(','), disk: diskSize }), amiType].join(', ');
  const data = await versionOf(eks, of.id ?? '', of.version ?? '');
  return data && [templateWords(data), amiType].join(', ');
}

async function act(eks: Eks, want: GroupWant, change: Change, ctx: Ctx): Promise<void> {
  const { name, version } = want;
  if (change.what === AWAIT) return active(eks, name, UPGRADE, ctx);
  if (change.what === templateWhat(name)) return putTemplate(eks, want, change, ctx);
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

/** No group uses it then: a version is not changed, and no second one made. */
async function putTemplate(eks: Eks, want: GroupWant, { action }: Change, ctx: Ctx): Promise<void> {
  if (action !== 'create') await removeTemplate(eks, want.name, ctx);
  if (action !== 'delete') await makeTemplate(eks, want, ctx);
}

async function create(eks: Eks, want: GroupWant, ctx: Ctx): Promise<void> {
  const { name, ami, version } = want;
  const [network, { template }] = await Promise.all([eks.network(), observeTemplate(eks, name)]);
  if (!network) throw new OpsError('INTERNAL', `cannot make the node group ${name}: its network is not there`);
  if (!template?.ours) throw foreign(templateWhat(name));
  const wish = {
    clusterName: clusterName(eks),
    nodegroupName: name,
    subnets: nodeSubnets(eks.cloud.network.nat, network),
    nodeRole: roleArn(eks.site, eks.cloud, 'node'),
    launchTemplate: { id: template.id, version: MADE },
    amiType: ami,
    version,
    scalingConfig: scaling(want),
    updateConfig: { maxUnavailable: 1 },
    ...(eks.fence && { taints: [{ ...TAINT, effect: 'NO_SCHEDULE' as const }] }),
  };
  const request = { ...wish, clientRequestToken: tokenOf(ctx, wish), tags: tagsFor(eks, ctx, nodesRole(name)) };
  const order = () =>
    eks.aws.call('eks', `make the node group ${name}`, sdk => new sdk.CreateNodegroupCommand(request), { again: true });
  await whileRoleIsNew(ctx, `node group ${name}`, () => unlessDone(order(), 'ResourceInUseException'));
  await active(eks, name, MAKE, ctx);
}

const active = (eks: Eks, name: string, deadline: number, ctx: Ctx): Promise<void> =>
  until(ctx, `node group ${name} to be ACTIVE`, deadline, async () => {
    const group = await observeGroup(eks, name);
    if (!group) return { saw: 'not in the list' };
    if (!group.ours) throw foreign(`node group ${name}`);
    if (group.status === 'ACTIVE') return { value: undefined };
    if (group.status === 'CREATE_FAILED') throw failed(`node group ${name}`, group.status, group.issues);
    return { saw: [group.status, ...group.issues].join('; ') };
  });

async function remove(eks: Eks, name: string, ctx: Ctx): Promise<void> {
  const of = { clusterName: clusterName(eks), nodegroupName: name };
  await until(ctx, `node group ${name} gone`, MAKE, async () => {
    const group = await observeGroup(eks, name);
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
  const others = (names: readonly string[]) => names.filter(name => !keep.includes(name));
  return eksStep<{ keep: readonly string[] }, LeftFacts>(eks, {
    id: 'eks.nodes-left',
    title: 'Remove node groups that left the inventory',
    want: { keep },
    needs: after('eks.cluster', 'eks.roles', ...keep.map(stepOf)),
    deadline: MAKE,
    nothing: { left: [], templates: [] },
    async observe() {
      const [there, templates] = await Promise.all([groupNames(eks), templatesOf(eks)]);
      const seen = await Promise.all(others(there).map(async name => ({ name, group: await observeGroup(eks, name) })));
      const left = seen.filter(({ group }) => group?.ours).map(({ name }) => name);
      return { left, templates: others(templates) };
    },
    decide: decideLeft,
    async act(change, ctx) {
      const name = groupWhat.nameOf(change.what);
      await (change.what === templateWhat(name) ? removeTemplate : remove)(eks, name, ctx);
    },
  });
}
