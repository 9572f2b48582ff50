import type { AnyStep, Change, Ctx, Need } from '../../engine/index.ts';
import { TAG } from '../../host/ec2/tags.ts';
import { minutes } from '../../time/index.ts';
import { type AddonFacts, type AddonSeen, decideAddon, type Want, works } from './addon-decide.ts';
import { addonsWanted, DRIVER, volumeTags } from './addon-list.ts';
import { addonVersions, type Fitting, versionOf } from './addon-versions.ts';
import { describeCluster, hasNodes } from './observe.ts';
import { failed, tokenOf, unlessAbsent, unlessDone, until, updateDone, whileRoleIsNew } from './patience.ts';
import { roleArn } from './role.ts';
import { clusterName, type Eks, tagsFor } from './site.ts';
import { after, eksStep } from './step.ts';

const DEADLINE = minutes(10);

/** Verbs that remove the cluster itself. */
const WHOLE = /^(destroy|reap)$/;

/** eks.addon.<name>: one step each, side by side; of their versions, EKS's own default for this Kubernetes. */
export function addonSteps(eks: Eks): AnyStep[] {
  const fitting = addonVersions(eks);
  return addonsWanted(eks.site, eks.fence?.store).map((addon, index, all) => {
    const { identity } = addon;
    const want = { ...addon, ...(identity && { roleArn: roleArn(eks.site, eks.cloud, identity.role) }) };
    // The agent hands out the roles of the others.
    const agent = index > 0 ? after(`eks.addon.${all[0]?.name}`) : [];
    return addonStep(eks, want, fitting, [...after('eks.cluster', 'eks.roles'), ...agent]);
  });
}

function addonStep(eks: Eks, want: Want, fitting: (ctx: Ctx) => Promise<Fitting>, needs: readonly Need[]): AnyStep {
  const { name } = want;
  return eksStep<Want, AddonFacts>(eks, {
    id: `eks.addon.${name}`,
    title: `Install ${name}`,
    want,
    needs,
    deadline: minutes(25),
    nothing: {},
    async observe(ctx, removing) {
      // It is the cluster's, and goes with it.
      if (removing && WHOLE.test(ctx.run.verb)) return {};
      const addon = await observeAddon(eks, await withEnd(eks, want));
      if (removing) return { ...(addon && { addon }) };
      const versions = versionOf(await fitting(ctx), name, eks.want.version);
      const nodes = addon && addon.status !== 'ACTIVE' ? await hasNodes(eks) : undefined;
      return { versions, ...(addon && { addon }), ...(nodes !== undefined && { nodes }) };
    },
    decide: decideAddon,
    async act(change, ctx) {
      const versions = versionOf(await fitting(ctx), name, eks.want.version);
      await act(eks, await withEnd(eks, want), change, versions, ctx);
    },
  });
}

/**
 * Volumes end when their cluster does, as its own tags say: a date that a later run reckons would be another one each time. An
 * owner is not on them either: everybody who applies would change it.
 */
async function withEnd(eks: Eks, want: Want): Promise<Want> {
  if (want.name !== DRIVER) return want;
  const end = (await describeCluster(eks))?.tags?.[TAG.expires];
  if (end === undefined || end === 'never') return want;
  return { ...want, configuration: volumeTags({ [TAG.site]: eks.site.name, [TAG.expires]: end }) };
}

async function observeAddon(eks: Eks, { name, configuration }: Want): Promise<AddonSeen | undefined> {
  const of = { clusterName: clusterName(eks), addonName: name };
  const found = await unlessAbsent(
    eks.aws.call('eks', `look at the add-on ${name}`, sdk => new sdk.DescribeAddonCommand(of)),
  );
  if (!found?.addon) return undefined;
  const { status = '', addonVersion = '', podIdentityAssociations = [], configurationValues, health } = found.addon;
  return {
    status,
    version: addonVersion,
    identities: Object.fromEntries(await Promise.all(podIdentityAssociations.map(arn => association(eks, arn)))),
    configuration: sameValues(configurationValues, configuration) ? 'same' : 'different',
    issues: (health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`),
  };
}

async function association(eks: Eks, arn: string): Promise<[account: string, role: string]> {
  const of = { clusterName: clusterName(eks), associationId: arn.slice(arn.lastIndexOf('/') + 1) };
  const what = `look at the pod identity ${of.associationId}`;
  const found = await unlessAbsent(eks.aws.call('eks', what, sdk => new sdk.DescribePodIdentityAssociationCommand(of)));
  return [found?.association?.serviceAccount ?? '', found?.association?.roleArn ?? ''];
}

/** EKS gives back the text that it was given. */
function sameValues(text: string | undefined, wanted: object | undefined): boolean {
  if (wanted === undefined) return text === undefined || text === '' || text === '{}';
  try {
    return JSON.stringify(JSON.parse(text ?? '')) === JSON.stringify(wanted);
  } catch {
    return false;
  }
}

type Versions = NonNullable<AddonFacts['versions']>;

async function act(eks: Eks, want: Want, change: Change, versions: Versions, ctx: Ctx): Promise<void> {
  if (change.action === 'run') return settled(eks, want, ctx);
  if (change.action === 'update') return update(eks, want, versions, ctx);
  if (change.action === 'delete' || change.action === 'replace') await remove(eks, want, ctx);
  if (change.action !== 'delete') await create(eks, want, versions.default, ctx);
}

function wishOf(eks: Eks, { name, identity, configuration, roleArn: role = '' }: Want, addonVersion: string) {
  const podIdentityAssociations = identity && [{ serviceAccount: identity.serviceAccount, roleArn: role }];
  return {
    clusterName: clusterName(eks),
    addonName: name,
    addonVersion,
    // What somebody changed by hand in an add-on of EKS is drift.
    resolveConflicts: 'OVERWRITE' as const,
    ...(podIdentityAssociations && { podIdentityAssociations }),
    ...(configuration && { configurationValues: JSON.stringify(configuration) }),
  };
}

async function create(eks: Eks, want: Want, version: string, ctx: Ctx): Promise<void> {
  const wish = wishOf(eks, want, version);
  const request = {
    ...wish,
    clientRequestToken: tokenOf(ctx, wish),
    tags: tagsFor(eks, ctx, `eks/addon/${want.name}`),
  };
  const what = `install the add-on ${want.name} ${version}`;
  const order = () => eks.aws.call('eks', what, sdk => new sdk.CreateAddonCommand(request), { again: true });
  await whileRoleIsNew(ctx, `add-on ${want.name}`, () => unlessDone(order(), 'ResourceInUseException'));
  await settled(eks, want, ctx);
}

async function update(eks: Eks, want: Want, versions: Versions, ctx: Ctx): Promise<void> {
  const found = await observeAddon(eks, want);
  const version = found && versions.all.includes(found.version) ? found.version : versions.default;
  const wish = wishOf(eks, want, version);
  const request = { ...wish, clientRequestToken: tokenOf(ctx, { ...wish, from: found?.version }) };
  const what = `update the add-on ${want.name}`;
  const answer = await eks.aws.call('eks', what, sdk => new sdk.UpdateAddonCommand(request), { again: true });
  const of = { updateId: answer.update?.id ?? '', addonName: want.name };
  await updateDone(eks, ctx, what, DEADLINE, of);
  await settled(eks, want, ctx);
}

/** As decideAddon takes it for working. Errors: EKS_FAILED. */
const settled = (eks: Eks, want: Want, ctx: Ctx): Promise<void> =>
  until(ctx, `add-on ${want.name} to be ACTIVE`, DEADLINE, async () => {
    const addon = await observeAddon(eks, want);
    if (!addon) return { saw: 'not in the list' };
    if (/_FAILED$/.test(addon.status)) throw failed(`add-on ${want.name}`, addon.status, addon.issues);
    const nodes = addon.status === 'ACTIVE' || (await hasNodes(eks));
    return works(want, addon.status, nodes)
      ? { value: undefined }
      : { saw: [addon.status, ...addon.issues].join(': ') };
  });

async function remove(eks: Eks, want: Want, ctx: Ctx): Promise<void> {
  const { name } = want;
  const of = { clusterName: clusterName(eks), addonName: name };
  const order = eks.aws.call('eks', `remove the add-on ${name}`, sdk => new sdk.DeleteAddonCommand(of), {
    again: true,
  });
  await unlessDone(unlessAbsent(order), 'ResourceInUseException');
  await until(ctx, `add-on ${name} gone`, DEADLINE, async () => {
    const left = await observeAddon(eks, want);
    return left ? { saw: left.status } : { value: undefined };
  });
}
