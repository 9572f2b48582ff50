import { join } from 'node:path';
import type { CheckResult } from '../../backup/check.ts';
import { archiveStep } from '../../backup/postgres/archive.ts';
import { mayWrite } from '../../backup/store/reading.ts';
import { forgetRepositoriesStep } from '../../backup/velero/repositories.ts';
import { asOpsError, oneLine } from '../../errors/index.ts';
import { backupSteps, type InSession, newSetId, type Place, rebuildOf } from '../../site/index.ts';
import { bucketName, type Keys, openStore, putKeys, storeAccess } from '../../store/index.ts';
import type { Drill } from '../scenario.ts';

const NEXT = {
  id: 'site.next-backup',
  title: 'The next backup works',
  source: 'site',
  level: 'L7',
  required: true,
  expected: 'a complete set, read back',
} as const;

/** Where the backup is taken: not every site that is drilled is one that keeps its escrow. */
type At = Pick<Place, 'dirs' | 'provider'> & { home?: string };

/**
 * L7: a site that cannot be backed up again is not back. In mode destroy the set is a real one. The heartbeat is woken only
 * now: it takes copies away that the restored database does not have.
 */
export async function nextBackup({ target }: Drill, { apply }: InSession, at: At = target): Promise<CheckResult[]> {
  const id = newSetId(target.ports.clock.now());
  try {
    const { steps, heartbeat } = await rebuildOf(target.site, at);
    await apply(steps, heartbeat);
    await apply(backupSteps(target.site, at, id, 'person'));
    return [{ ...NEXT, state: 'passed', got: `set ${id}` }];
  } catch (error) {
    target.signal.throwIfAborted();
    const { code, exit } = asOpsError(error);
    return [{ ...NEXT, state: exit === 2 ? 'unrun' : 'failed', code, got: oneLine(error) }];
  }
}

/** What of a site's steps stands on its store: its place, Velero's location, the database's repository. */
const ON_STORE = new Set(['store.server', 'store.bucket', 'addon.velero', 'postgres.access']);

/**
 * L7 beside the source: from here on the new site is one like any other, with a bucket of its own beside its source's. Keys
 * that could write to the source's would not be the ones to try that with.
 */
export async function nextBackupBeside(drill: Drill, session: InSession): Promise<CheckResult[]> {
  const { target, scratch } = drill;
  // Whoever brings a store, and no way to keys of one bucket, cannot have it tried: the report says so.
  const untried = { ...NEXT, required: false, state: 'unrun', code: 'CHECK_UNRUN' } as const;
  if (!scratch)
    return [
      { ...untried, got: 'not tried: no keys could be made that write to a bucket of the rehearsal and to no other' },
    ];
  const apart = await deniedResult(drill, scratch);
  if (apart.state !== 'passed') return [apart, { ...untried, got: 'not tried: its keys are not proven to be apart' }];
  // What checks a set reads with the other pair.
  for (const role of ['site', 'reader'] as const) await putKeys(target.ports.secrets, role, scratch);
  // Without `rehearsal`: the scripts make of it a site of its own.
  const { dirs, provider } = target;
  const at = { dirs, provider, home: join(dirs.state, 'home') };
  try {
    const { steps } = await rebuildOf(target.site, at);
    await session.apply(steps, ({ id }) => ON_STORE.has(id));
    await session.apply([forgetRepositoriesStep(target.site)]);
    if (target.site.backup?.sources.includes('postgres')) {
      await session.apply([archiveStep(target.site)]);
      await session.apply(steps, ({ id }) => id === 'postgres.stanza');
    }
  } catch (error) {
    target.signal.throwIfAborted();
    const { code, exit } = asOpsError(error);
    return [apart, { ...NEXT, state: exit === 2 ? 'unrun' : 'failed', code, got: oneLine(error) }];
  }
  const results = await nextBackup(drill, session, at);
  const where = bucketName(target.site);
  return [
    apart,
    ...results.map(result => ({
      ...result,
      // Velero reads volumes through pods that run, and behind the fence not all of them do (workloads.ts).
      ...(result.code === 'VOLUME_UNCOVERED' && untried),
      got: `${result.got}, in ${where}`,
    })),
  ];
}

/** Tried as the next backup would: these keys against the source's bucket. */
async function deniedResult({ source, target }: Drill, keys: Keys): Promise<CheckResult> {
  const { dirs, ports, signal } = target;
  const about = {
    id: 'site.scratch-apart',
    title: "The keys of the next backup open nothing of the source's",
    source: 'site',
    level: 'L7',
    required: true,
    expected: `${bucketName(source.site)} refuses to be written and to be listed`,
  } as const;
  const open = (got: string): CheckResult => ({ ...about, state: 'unrun', code: 'FENCE_OPEN', got });
  const access = await storeAccess(source.site, 'reader', { dirs, secrets: ports.secrets });
  const store = openStore({ ...access, ...keys }, { clock: ports.clock, signal, random: Math.random });
  try {
    if (await mayWrite(store)) return open('it was written');
    const listed = await store.list('').then(
      () => true,
      error => {
        if (asOpsError(error).code === 'STORE_REFUSED') return false;
        throw error;
      },
    );
    return listed ? open('it was listed') : { ...about, state: 'passed', got: 'both were refused' };
  } catch (error) {
    signal.throwIfAborted();
    return { ...about, state: 'unrun', code: asOpsError(error).code, got: oneLine(error) };
  } finally {
    store.close();
  }
}
