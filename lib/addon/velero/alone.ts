import { FIELD_MANAGER, MANAGED_BY, refName } from '../../cluster/index.ts';
import type { ClusterApi, KubeRef, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { NAMESPACE } from './manifests/names.ts';

export const ALONE = 'addon.velero-alone';

/** By which a Velero is known, in whatever namespace it runs: its kinds are the cluster's. */
const MARKS: readonly KubeRef[] = [
  { apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE },
  { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'backups.velero.io' },
];

/** addon.velero-alone, in a cluster of another hand: nobody's Velero is written over. Nothing is changed. */
export const aloneStep = (site: Site): Step<object, readonly string[]> => ({
  id: ALONE,
  title: 'See that no Velero of another hand runs there',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  needs: [{ step: 'cluster.ready', scope: 'same' }],
  deadline: minutes(1),
  observe: async ctx => mustBeAlone(site, await ctx.cluster(site.name)),
  decide: () => ({ is: 'done', reason: 'none but what muster put there' }),
  async apply() {},
});

/** Errors: CLUSTER_REFUSED. */
async function mustBeAlone({ name }: Site, api: ClusterApi): Promise<string[]> {
  const found = await Promise.all(MARKS.map(ref => api.get(ref)));
  const theirs = MARKS.filter((_, n) => {
    const labels = found[n]?.metadata.labels;
    return found[n] !== undefined && labels?.[MANAGED_BY] !== FIELD_MANAGER;
  }).map(refName);
  if (theirs.length === 0) return [];
  throw new OpsError('CLUSTER_REFUSED', `cannot run Velero in the cluster of ${name}: one of another hand is there`, {
    details: theirs,
    hint: `./muster kubectl --site ${name} get backups.velero.io -A: whose it is; two of them would share its kinds`,
  });
}
