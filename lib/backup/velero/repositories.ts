import { removeAndSee } from '../../cluster/index.ts';
import type { ClusterApi, Decision, KubeObject, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { NAMESPACE } from './names.ts';

const KIND = { apiVersion: 'velero.io/v1', kind: 'BackupRepository' };

/**
 * velero.repositories: what Velero noted of kopia's repositories goes. After its location got another bucket it calls them
 * not ready, and a backup that meets one is PartiallyFailed; one that is not there is made, with the first backup.
 */
export const forgetRepositoriesStep = (site: Site): Step<object, string[]> => ({
  id: 'velero.repositories',
  title: "Let Velero make its repositories in the new bucket's place",
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  deadline: minutes(2),
  observe: async ctx => (await all(await ctx.cluster(site.name))).map(({ metadata }) => metadata.name),
  decide: (_, names): Decision =>
    names.length === 0
      ? { is: 'done', reason: 'none is noted' }
      : {
          is: 'changes',
          changes: names.map(name => ({ action: 'delete', what: `${KIND.kind} ${name}`, grade: 'known' })),
        },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const name = change.what.slice(KIND.kind.length + 1);
      await removeAndSee(await ctx.cluster(site.name), { ...KIND, namespace: NAMESPACE, name }, ctx, minutes(1));
    }),
});

const all = (api: ClusterApi): Promise<KubeObject[]> => api.list({ ...KIND, namespace: NAMESPACE });
