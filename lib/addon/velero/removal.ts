import { refName, removeAndSee } from '../../cluster/index.ts';
import type { Change, ClusterApi, Ctx, Decision, KubeRef, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { liveObjects, refOf } from '../manifest.ts';
import { NAMESPACE } from './manifests/names.ts';

const kind = (apiVersion: string, name: string) => ({ apiVersion, kind: name });

export const VELERO = 'addon.velero';

const DEFINITION = 'CustomResourceDefinition';

/** In the order in which they go: a definition that goes before its objects are gone is held by them. */
const LAYERS = [
  { addon: 'velero-kinds', kinds: [kind('v1', 'Namespace')] },
  { addon: 'velero', kinds: [kind('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding')] },
  { addon: 'velero-kinds', kinds: [kind('apiextensions.k8s.io/v1', DEFINITION)] },
];

/**
 * addon.velero, of a cluster that stays: what muster put there goes. What it wrote into the store stays.
 * @param stands whether there is such a cluster.
 */
export const veleroRemoval = (site: Site, stands: () => Promise<boolean>): Step<never, readonly KubeRef[]> => ({
  id: VELERO,
  title: 'Run Velero',
  target: { site: site.name, kind: 'cluster', name: site.name },
  needs: [{ step: 'eks.kubeconfig', scope: 'same' }],
  deadline: minutes(20),
  destroys: true,
  observe: async ctx => ((await stands()) ? partsIn(await ctx.cluster(site.name)) : []),
  decide: (_, found) => decideRemoval(found),
  apply: (change, ctx) => ctx.effect(change, () => remove(site, change, ctx)),
});

export const decideRemoval = (found: readonly KubeRef[]): Decision =>
  found.length === 0
    ? { is: 'done', reason: 'there is none of muster' }
    : { is: 'changes', changes: found.map(ref => ({ action: 'delete', what: refName(ref), grade: 'known' })) };

async function partsIn(api: ClusterApi): Promise<KubeRef[]> {
  const [places, ...layers] = await Promise.all([
    api.list({ apiVersion: 'velero.io/v1', kind: 'BackupStorageLocation' }),
    ...LAYERS.map(({ addon, kinds }) => liveObjects(api, addon, kinds)),
  ]);
  // A definition takes every object of its kind along, also those of a Velero that somebody put beside ours since.
  const shared = places.some(({ metadata }) => metadata.namespace !== NAMESPACE);
  const parts = layers.flat().map(refOf);
  return shared ? parts.filter(({ kind }) => kind !== DEFINITION) : parts;
}

async function remove(site: Site, change: Change, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(site.name);
  const ref = (await partsIn(api)).find(one => refName(one) === change.what);
  if (!ref) return;
  // Their finalizer is Velero's own, which has to run to take it off (`velero uninstall` does the same).
  if (ref.kind === 'Namespace')
    for (const { metadata } of await api.list({ apiVersion: 'velero.io/v1', kind: 'Restore', namespace: NAMESPACE }))
      await removeAndSee(api, { apiVersion: 'velero.io/v1', kind: 'Restore', ...named(metadata.name) }, ctx);
  await removeAndSee(api, ref, ctx, minutes(5));
}

const named = (name: string) => ({ namespace: NAMESPACE, name });
