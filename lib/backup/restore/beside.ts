import { copyOf, isRecord, removeAndSee } from '../../cluster/index.ts';
import type { ClusterApi, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { clusterOf } from '../postgres/names.ts';
import type { PartOf } from '../set.ts';
import { API, NAMESPACE } from '../velero/names.ts';

/** The part of some namespaces only: what is restored, and what it is compared with. */
export function scopedPart(part: PartOf<'velero'>, namespaces: readonly string[]): PartOf<'velero'> {
  const { facts } = part;
  const within = ({ namespace }: { namespace: string }) => namespaces.includes(namespace);
  const objects = facts.objects.filter(
    one => within(one) || (one.kind === 'Namespace' && namespaces.includes(one.name)),
  );
  const volumes = facts.volumes.filter(within);
  return {
    ...part,
    facts: { ...facts, namespaces: [...namespaces], objects, volumes, excluded: facts.excluded.filter(within) },
  };
}

export const besideOf = (namespaces: readonly string[]): Record<string, string> =>
  Object.fromEntries(namespaces.map(name => [name, copyOf(name)]));

const refOf = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', name });

/** Namespaces that a Restore of muster's put beside their originals: another one of such a name is somebody's own. */
async function copiesIn(api: ClusterApi): Promise<string[]> {
  const restores = await api.list({ apiVersion: API, kind: 'Restore', namespace: NAMESPACE });
  const mapped = restores.flatMap(({ spec }) => {
    const { namespaceMapping, backupName } = isRecord(spec) ? spec : {};
    if (!isRecord(namespaceMapping) || !String(backupName).startsWith('muster-')) return [];
    return Object.entries(namespaceMapping).flatMap(([from, to]) => (to === copyOf(from) ? [String(to)] : []));
  });
  const names = [...new Set(mapped)].sort();
  const there = await Promise.all(names.map(name => api.get(refOf(name))));
  return names.filter((_, n) => there[n] !== undefined);
}

/** restore.discard-namespaces */
export const discardNamespacesStep = (site: Site): Step<undefined, readonly string[]> => ({
  id: 'restore.discard-namespaces',
  title: 'Remove namespaces that were restored beside their originals',
  target: clusterOf(site),
  deadline: minutes(10),
  observe: async ctx => copiesIn(await ctx.cluster(site.name)),
  decide: (_, names) =>
    names.length === 0
      ? { is: 'done', reason: 'there is none' }
      : {
          is: 'changes',
          changes: names.map(name => ({ action: 'delete', what: `namespace ${name}`, grade: 'known' })),
        },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const api = await ctx.cluster(site.name);
      const name = change.what.slice('namespace '.length);
      await removeAndSee(api, refOf(name), ctx, minutes(5));
    }),
});
