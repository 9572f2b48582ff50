import { isRecord } from '../../cluster/index.ts';
import type { Change, ClusterApi, Ctx, Decision, Need, ObjectStore, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { storeAccess } from '../../store/index.ts';
import { minutes } from '../../time/index.ts';
import { snapshotsOf } from '../audit/content.ts';
import { type Kept, readKept, withoutHoles } from '../kept.ts';
import type { SealOf } from '../seal.ts';
import { KEYS } from '../set.ts';
import { makeKnown } from './known.ts';
import { API, backupKeys, backupName, NAMESPACE } from './names.ts';
import { steadily } from './progress.ts';
import { withKopia } from './surroundings.ts';

/** Names of Backups whose sets are gone, oldest first. */
export interface VeleroExpendable {
  backups: string[];
}

/**
 * velero.expire: a Backup of a set that expired goes through Velero, with the snapshots of its volumes; then kopia drops
 * the content that nothing refers to, in its own safe time, and every byte that is left is read.
 */
export const veleroExpireStep = (site: Site, of: SealOf, needs: readonly Need[]): Step<object, VeleroExpendable> => ({
  id: 'velero.expire',
  title: 'Let Backups and snapshots of expired sets go',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  needs,
  deadline: minutes(60),
  observe: async ctx => look(site, of, ctx),
  decide: (_, facts) => decideBackups(facts),
  apply: (change, ctx) =>
    ctx.effect(change, () =>
      withoutHoles(of, ctx, () =>
        change.what === CONTENT ? tidy(site, of, ctx) : expire(change.what.slice(BACKUP.length), ctx),
      ),
    ),
});

const BACKUP = 'Backup velero/';
const CONTENT = 'content of the volumes that nothing refers to';

export function decideBackups({ backups }: VeleroExpendable): Decision {
  if (backups.length === 0) return { is: 'done', reason: 'every Backup is of a set that is kept' };
  const gone = backups.map((name): Change => ({ action: 'delete', what: `${BACKUP}${name}`, grade: 'known' }));
  return { is: 'changes', changes: [...gone, { action: 'delete', what: CONTENT, grade: 'predicted' }] };
}

/** Pure. Kubernetes has no capitals: names are compared as it has them. Those that somebody else named are not ours. */
export function backupsExpendable(names: readonly string[], { oldest, ids }: Kept): string[] {
  if (oldest === undefined) return [];
  const kept = new Set([...ids].map(backupName));
  const ours = [...new Set(names)].filter(name => /^muster-\d{8}t\d{6}z-[0-9a-f]{8}$/.test(name));
  return ours.filter(name => name < backupName(oldest) && !kept.has(name)).sort();
}

async function look(site: Site, of: SealOf, ctx: Ctx): Promise<VeleroExpendable> {
  const [kept, api] = await Promise.all([readKept(of, ctx), ctx.cluster(site.name)]);
  const [objects, live] = await Promise.all([
    kept.store.list(`${KEYS.velero}backups/`),
    api.list({ apiVersion: API, kind: 'Backup', namespace: NAMESPACE }),
  ]);
  const stored = objects.map(({ key }) => key.split('/')[2] ?? '');
  return { backups: backupsExpendable([...stored, ...live.map(({ metadata }) => metadata.name)], kept) };
}

/** Errors: VELERO_PARTIAL with Velero's words; WAIT_TIMEOUT. */
async function expire(name: string, ctx: Ctx): Promise<void> {
  const [store, api] = await Promise.all([ctx.store(ctx.target.site), ctx.cluster(ctx.target.site)]);
  // A rebuilt cluster may not have looked into the bucket yet.
  await makeKnown(name, api, store);
  const backup = await api.get(refOf('Backup', name));
  if (!backup) return forgetFolder(name, store);
  const request = { ...refOf('DeleteBackupRequest', name) };
  // One that ended with errors is not tried again by Velero.
  if (await api.get(request)) await api.remove(request);
  await api.apply(requestFor(name, String(backup.metadata.uid)));
  await ctx.wait({
    what: `Backup ${name} to go, with its snapshots`,
    deadline: minutes(20),
    every: 1000,
    hint: `kubectl -n velero describe deletebackuprequest ${name}; kubectl -n velero logs deploy/velero`,
    probe: steadily(ctx, async cluster => {
      refuseErrors(name, await cluster.get(request));
      const left = (await store.list(backupKeys(name).folder)).length;
      if (left === 0 && !(await cluster.get(refOf('Backup', name)))) return { value: true };
      return { saw: `${left} objects in the bucket` };
    }),
  });
}

const refOf = (kind: string, name: string) => ({ apiVersion: API, kind, namespace: NAMESPACE, name });

/** Its labels are by which Velero's own client finds it. */
const requestFor = (name: string, uid: string) => ({
  apiVersion: API,
  kind: 'DeleteBackupRequest',
  metadata: {
    name,
    namespace: NAMESPACE,
    labels: { 'velero.io/backup-name': name, 'velero.io/backup-uid': uid },
  },
  spec: { backupName: name },
});

function refuseErrors(name: string, request: Awaited<ReturnType<ClusterApi['get']>>): void {
  const status = isRecord(request?.status) ? request.status : {};
  const errors = Array.isArray(status.errors) ? status.errors.map(String) : [];
  if (errors.length === 0) return;
  throw new OpsError('VELERO_PARTIAL', `cannot let Backup ${name} go: ${errors[0]}`, {
    details: errors,
    hint: 'the next backup tries it again; kubectl -n velero logs deploy/velero',
  });
}

/** Of a Backup that never ended: without its own file Velero does not know it. */
const forgetFolder = async (name: string, store: ObjectStore): Promise<void> =>
  store.remove((await store.list(backupKeys(name).folder)).map(({ key }) => key));

/** Errors: KOPIA_CONTENT_LOST: what a kept set needs is gone; COMMAND_FAILED with kopia's words. */
async function tidy(site: Site, of: SealOf, ctx: Ctx): Promise<void> {
  const kept = await readKept(of, ctx);
  const access = await storeAccess(site, 'site', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  for (const [namespace, snapshots] of snapshotsOf(kept.sets)) {
    ctx.progress(
      `dropping what nothing refers to in the volumes of ${namespace}, then reading ${snapshots.length} back`,
    );
    const found = await withKopia(site, { access, namespace, write: true }, ctx, async kopia => {
      await kopia.run(['maintenance', 'run', '--full']);
      return kopia.verify(snapshots);
    });
    if (!found.ok)
      throw new OpsError(found.code, `cannot read the volumes of ${namespace} back after the expiry: ${found.words}`);
  }
}
