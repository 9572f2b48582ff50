import { isRecord } from '../../cluster/index.ts';
import type { Change, Ctx, Decision, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { Secret } from '../../secret/index.ts';
import { minutes } from '../../time/index.ts';
import { NAMESPACE, REPOSITORY_PASSWORD, REPOSITORY_SECRET } from './manifests/names.ts';

/** `lost`: the cluster has one, and this computer does not: it is what the backups were made with. */
export type KeySeen = 'kept' | 'absent' | 'lost';

const LENGTH = 40;
const WHAT = `secret ${REPOSITORY_PASSWORD}`;

/** addon.velero-key: the password of the kopia repositories, made before Velero would take the one of everybody. */
export const keyStep = (site: Site): Step<{ length: number }, KeySeen> => ({
  id: 'addon.velero-key',
  title: 'Have the key of the volume backups',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: { length: LENGTH },
  needs: [
    { step: 'cluster.ready', scope: 'same' },
    { step: 'escrow.open', scope: 'all' },
  ],
  deadline: minutes(2),
  observe,
  decide: decideKey,
  apply: (change, ctx) => ctx.effect(change, () => make(ctx)),
});

export function decideKey(want: unknown, seen: KeySeen): Decision {
  // Nothing that was backed up opens without it: it is never removed with the cluster.
  if (want === undefined || seen === 'kept') return { is: 'done', reason: 'kept here' };
  const change: Change =
    seen === 'lost'
      ? { action: 'update', what: `${WHAT}: taken over from the cluster`, grade: 'known', secret: true }
      : { action: 'create', what: WHAT, grade: 'known', secret: true };
  return { is: 'changes', changes: [change] };
}

async function observe(ctx: Ctx): Promise<KeySeen> {
  if (await ctx.secrets.get(REPOSITORY_PASSWORD)) return 'kept';
  return (await inCluster(ctx)) === undefined ? 'absent' : 'lost';
}

async function inCluster(ctx: Ctx): Promise<string | undefined> {
  const api = await ctx.cluster(ctx.target.site);
  const found = await api.get({ apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: REPOSITORY_SECRET });
  const value = isRecord(found?.data) ? found.data['repository-password'] : undefined;
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined;
}

async function make(ctx: Ctx): Promise<void> {
  const found = await inCluster(ctx);
  if (found !== undefined) await ctx.secrets.put(REPOSITORY_PASSWORD, new Secret(found));
  else await ctx.secrets.generate(REPOSITORY_PASSWORD, { length: LENGTH });
}
