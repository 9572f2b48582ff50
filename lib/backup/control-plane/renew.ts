import { isRecord, removeAndSee } from '../../cluster/index.ts';
import type { Change, ClusterApi, Ctx, Decision, KubeObject, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { API, NAMESPACE } from '../velero/names.ts';
import { isOver } from '../velero/progress.ts';
import { serverOf } from './take.ts';

/** 'namespace/name' of pods that were there before the datastore went back. */
interface Seen {
  stale: string[];
  /** Backups of Velero that were under way when the datastore was copied. */
  begun: string[];
}

/**
 * control-plane.renew: no pod that watches the API is older than the restored datastore. Revisions went back with it, so
 * who watched before waits for ever for one that is to come: Velero's agent takes no backup, and says nothing.
 */
export const controlPlaneRenew = (site: Site): Step<object, Seen> => ({
  id: 'control-plane.renew',
  title: 'Start what watches the API anew',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  needs: [{ step: 'control-plane.restore', scope: 'same' }],
  deadline: minutes(10),
  async observe(ctx) {
    const [api, since] = await Promise.all([ctx.cluster(site.name), startedAt(site, ctx)]);
    const [stale, begun] = await Promise.all([stalePods(api, since), begunBackups(site, api, since)]);
    return { stale: stale.map(nameOf), begun: begun.map(nameOf) };
  },
  decide: decideRenew,
  apply: (change, ctx) => ctx.effect(change, () => renew(site, ctx)),
});

export function decideRenew(_: unknown, { stale, begun }: Seen): Decision {
  if (stale.length + begun.length === 0) return { is: 'done', reason: 'nothing watches from before' };
  const change: Change = { action: 'replace', what: `${stale.length} pods that watch the API`, grade: 'known' };
  return { is: 'changes', changes: [{ ...change, from: [...begun, ...stale].slice(0, 5).join(', ') }] };
}

const nameOf = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`;

async function stalePods(api: ClusterApi, since: number): Promise<KubeObject[]> {
  const pods = await api.list({ apiVersion: 'v1', kind: 'Pod' });
  return pods.filter(pod => watches(pod) && startOf(pod) < since);
}

/** It has a token of the API's. */
function watches({ spec, status }: KubeObject): boolean {
  const volumes = isRecord(spec) && Array.isArray(spec.volumes) ? spec.volumes.filter(isRecord) : [];
  const over = isRecord(status) && (status.phase === 'Succeeded' || status.phase === 'Failed');
  return !over && volumes.some(({ name }) => String(name).startsWith('kube-api-access-'));
}

const startOf = ({ status }: KubeObject): number =>
  Date.parse(String(isRecord(status) ? status.startTime : '')) || Number.POSITIVE_INFINITY;

/** When k3s's process began: it may still be starting. An empty time would be midnight to date. */
const SINCE = `since=$(systemctl show -p ExecMainStartTimestamp --value k3s)
test -n "$since" && date -d "$since" +%s`;

/** Milliseconds: nothing began to watch the restored datastore before it. */
const startedAt = async (site: Site, ctx: Ctx): Promise<number> =>
  Number(await (await ctx.shell(serverOf(site))).run({ script: SINCE })) * 1000;

/** Each ended long ago, and is in the store; here nobody works on it any more, and Velero lets the next one wait for it. */
async function begunBackups(site: Site, api: ClusterApi, since: number): Promise<KubeObject[]> {
  if (!site.backup?.sources.includes('velero')) return [];
  const all = await api.list({ apiVersion: API, kind: 'Backup', namespace: NAMESPACE });
  return all.filter(({ metadata, status }) => {
    const phase = isRecord(status) ? status.phase : undefined;
    return !isOver(String(phase)) && Date.parse(String(metadata.creationTimestamp)) < since;
  });
}

async function renew(site: Site, ctx: Ctx): Promise<void> {
  const [api, since] = await Promise.all([ctx.cluster(site.name), startedAt(site, ctx)]);
  // Before Velero starts: from the store it knows them as they ended.
  for (const { metadata } of await begunBackups(site, api, since))
    await removeAndSee(api, { apiVersion: API, kind: 'Backup', namespace: NAMESPACE, name: metadata.name }, ctx);
  for (const { metadata } of await stalePods(api, since)) {
    const { name, namespace } = metadata;
    await api.remove({ apiVersion: 'v1', kind: 'Pod', name, ...(namespace !== undefined && { namespace }) });
  }
  await ctx.wait({
    what: 'pods that watch the restored API',
    deadline: minutes(5),
    every: 1000,
    hint: `./muster kubectl --site ${site.name} get pods -A`,
    probe: async () => {
      const stale = await stalePods(api, await startedAt(site, ctx));
      return stale.length === 0 ? { value: true } : { saw: `${stale.map(nameOf).join(', ')} from before` };
    },
  });
}
