import { isAws } from '../../aws/index.ts';
import type { AnyStep, Change, Ctx } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import { AWAIT, type ClusterFacts, type ClusterWant, decideCluster, ENDPOINT, SUPPORT, VERSION } from './decide.ts';
import { observeCluster } from './observe.ts';
import { failed, foreign, tokenOf, unlessAbsent, unlessDone, until, updateDone, whileRoleIsNew } from './patience.ts';
import { roleArn } from './role.ts';
import { accessOf, clusterName, type Eks, tagsFor } from './site.ts';
import { after, eksStep } from './step.ts';

/** EKS takes ten minutes for a control plane. */
const MAKE = minutes(20);
/** And up to half an hour to upgrade one. */
const UPGRADE = minutes(60);

/** eks.cluster: the control plane, at its version, reached from where the inventory says. */
export function clusterStep(eks: Eks): AnyStep {
  const name = clusterName(eks);
  return eksStep<ClusterWant, ClusterFacts>(eks, {
    id: 'eks.cluster',
    title: `Make the control plane ${name} with Kubernetes ${eks.want.version}`,
    want: { version: eks.want.version, access: accessOf(eks) },
    needs: [...eks.networkNeeds, ...after('eks.roles')],
    deadline: MAKE + UPGRADE,
    destroys: true,
    nothing: { name },
    observe: (_, removing) => observeCluster(eks, removing),
    decide: decideCluster,
    act: (change, ctx) => act(eks, change, ctx),
  });
}

async function act(eks: Eks, change: Change, ctx: Ctx): Promise<void> {
  if (change.what === AWAIT) return active(eks, ctx, UPGRADE);
  if (change.action === 'delete') return remove(eks, ctx);
  if (change.action === 'create') return create(eks, ctx);
  await update(eks, change.what, ctx);
}

async function update(eks: Eks, setting: string, ctx: Ctx): Promise<void> {
  const name = clusterName(eks);
  const { version } = eks.want;
  const what = `update ${setting} of ${name}`;
  const wish = setting === VERSION ? { version } : settingOf(eks, setting);
  const of = { name, clientRequestToken: tokenOf(ctx, wish) };
  const again = { again: true };
  const answer =
    setting === VERSION
      ? await eks.aws.call('eks', what, sdk => new sdk.UpdateClusterVersionCommand({ ...of, version }), again)
      : await eks.aws.call('eks', what, sdk => new sdk.UpdateClusterConfigCommand({ ...of, ...wish }), again);
  await updateDone(eks, ctx, what, UPGRADE, { updateId: answer.update?.id ?? '' });
  await active(eks, ctx, minutes(5));
}

/** One kind of setting a request: EKS refuses two together. */
function settingOf(eks: Eks, setting: string) {
  if (setting === ENDPOINT) return { resourcesVpcConfig: endpointOf(eks) };
  if (setting === SUPPORT) return { upgradePolicy: { supportType: 'STANDARD' as const } };
  throw new OpsError('INTERNAL', `cannot change ${setting} of a cluster`);
}

/** Nodes speak to it inside; people from the addresses of the inventory. */
const endpointOf = (eks: Eks) => ({
  endpointPrivateAccess: true,
  endpointPublicAccess: true,
  publicAccessCidrs: accessOf(eks),
});

async function create(eks: Eks, ctx: Ctx): Promise<void> {
  const { aws, site, cloud, want } = eks;
  const name = clusterName(eks);
  const network = await eks.network();
  if (!network) throw new OpsError('INTERNAL', `cannot make ${name}: its network is not there`);
  const wish = {
    name,
    version: want.version,
    roleArn: roleArn(site, cloud, 'cluster'),
    resourcesVpcConfig: { subnetIds: network.subnets.map(({ id }) => id).sort(), ...endpointOf(eks) },
    // The inventory's admins and nobody else: not the identity that happened to make it.
    accessConfig: { authenticationMode: 'API' as const, bootstrapClusterCreatorAdminPermissions: false },
    // They come as add-ons of EKS, which are upgraded; these would not be.
    bootstrapSelfManagedAddons: false,
    upgradePolicy: { supportType: 'STANDARD' as const },
  };
  const request = { ...wish, clientRequestToken: tokenOf(ctx, wish), tags: tagsFor(eks, ctx, 'eks') };
  const order = () =>
    aws
      .call('eks', `make the cluster ${name}`, sdk => new sdk.CreateClusterCommand(request), { again: true })
      .catch(error => {
        throw inOtherZones(eks, error);
      });
  // In use: a lost answer or a killed run ordered it. Whose it is was looked at, and is again.
  await whileRoleIsNew(ctx, `cluster ${name}`, () => unlessDone(order(), 'ResourceInUseException'));
  await active(eks, ctx, MAKE);
}

/** Which zones it takes, EKS says; where its subnets are, the inventory. */
function inOtherZones({ site, cloud }: Eks, error: unknown): unknown {
  if (!isOpsError(error) || !isAws(error, 'UnsupportedAvailabilityZoneException')) return error;
  const { validZones = [] } = error.cause as { validZones?: string[] };
  const zones = validZones.length > 0 ? validZones.join(', ') : 'those that it names';
  const { code, message, cause } = error;
  const hint =
    cloud.network.vpc === undefined
      ? `make provider.network.zones two of ${zones}; the network that is there goes first: ./muster destroy --site ${site.name} --confirm=${site.name}`
      : `make provider.network.subnets some in two of ${zones}`;
  return new OpsError(code, message, { cause, hint });
}

const active = (eks: Eks, ctx: Ctx, deadline: number): Promise<void> =>
  until(ctx, `cluster ${clusterName(eks)} to be ACTIVE`, deadline, async () => {
    const { cluster } = await observeCluster(eks, true);
    if (!cluster) return { saw: 'not in the list' };
    if (!cluster.ours) throw foreign(`cluster ${clusterName(eks)}`);
    if (cluster.status === 'ACTIVE') return { value: undefined };
    if (cluster.status === 'FAILED') throw failed(`cluster ${clusterName(eks)}`, cluster.status, cluster.issues);
    return { saw: cluster.status };
  });

async function remove(eks: Eks, ctx: Ctx): Promise<void> {
  const name = clusterName(eks);
  await until(ctx, `cluster ${name} gone`, MAKE, async () => {
    const { cluster } = await observeCluster(eks, true);
    if (!cluster) return { value: undefined };
    if (cluster.status !== 'DELETING') {
      const order = eks.aws.call('eks', `remove the cluster ${name}`, sdk => new sdk.DeleteClusterCommand({ name }), {
        again: true,
      });
      // In use: by a node group that is not in the lists any more and yet there.
      await unlessDone(unlessAbsent(order), 'ResourceInUseException');
    }
    return { saw: cluster.status };
  });
}
