import type { ClusterApi, Ctx, Decision, KubeObject, Step } from '../../engine/index.ts';
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
  apply: (change, ctx) => ctx.effect(change, () => forget(change.what.slice(KIND.kind.length + 1), site, ctx)),
});

const all = (api: ClusterApi): Promise<KubeObject[]> => api.list({ ...KIND, namespace: NAMESPACE });

async function forget(name: string, site: Site, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(site.name);
  const ref = { ...KIND, namespace: NAMESPACE, name };
  await api.remove(ref);
  // The API takes a removal on, and its garbage collector carries it out.
  await ctx.wait({
    what: `${KIND.kind} ${name} gone`,
    deadline: minutes(1),
    hint: `./muster kubectl --site ${site.name} get backuprepositories -n ${NAMESPACE} -o yaml`,
    probe: async () => ((await api.get(ref)) ? { saw: 'still there' } : { value: true }),
  });
}
