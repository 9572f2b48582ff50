import type { Change, Ctx, Decision, Need, Step } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { readKept, withoutHoles } from '../kept.ts';
import type { SealOf } from '../seal.ts';
import { KEYS } from '../set.ts';
import type { Postgres } from '../source.ts';
import { type Expendable, expendableOf } from './expendable.ts';
import { readInfo } from './info.ts';
import { clusterOf } from './names.ts';
import { textOf } from './server.ts';
import { open } from './take.ts';

/**
 * postgres.expire: base backups and WAL go when the last set that needs them has expired. pgBackRest forgets the backup;
 * the site may remove one object at a time only, so that its files go key by key where it was refused (policy.ts).
 */
export const postgresExpireStep = (
  site: Site,
  of: SealOf,
  needs: readonly Need[],
  database: Database = ctx => open(site, ctx),
): Step<object, Expendable> => ({
  id: 'postgres.expire',
  title: 'Let base backups and WAL of expired sets go',
  target: clusterOf(site),
  want: {},
  needs,
  deadline: minutes(30),
  observe: async ctx => (await look(database, of, ctx)).expendable,
  decide: (_, facts) => decideExpendable(facts),
  apply: (change, ctx) => ctx.effect(change, () => withoutHoles(of, ctx, () => expire(database, of, change, ctx))),
});

/** The one that runs, and where it archives to. */
type Database = (ctx: Ctx) => Promise<{ postgres: Postgres; stanza: string }>;

const BACKUP = 'base backup ';
const FILES = 'files of base backup ';
const WAL = 'WAL before ';
const STANZA = 'archive of the former database ';

export function decideExpendable({ labels, left, wal, stanzas }: Expendable): Decision {
  const remove = (what: string, count?: number): Change => ({
    action: 'delete',
    what,
    grade: 'known',
    ...(count !== undefined && { from: `${count} objects` }),
  });
  const changes = [
    ...labels.map(label => remove(`${BACKUP}${label}`)),
    ...[...left].map(([label, keys]) => remove(`${FILES}${label}`, keys.length)),
    ...(wal ? [remove(`${WAL}${wal.before}`, wal.keys.length)] : []),
    ...[...stanzas].map(([name, keys]) => remove(`${STANZA}${name}`, keys.length)),
  ];
  if (changes.length === 0) return { is: 'done', reason: 'every base backup and segment is of a set that is kept' };
  return { is: 'changes', changes };
}

async function look(database: Database, of: SealOf, ctx: Ctx) {
  const [kept, { postgres, stanza }] = await Promise.all([readKept(of, ctx), database(ctx)]);
  const { store } = kept;
  const [{ backups }, objects] = await Promise.all([readInfo(postgres, stanza), store.list(KEYS.pgbackrest)]);
  return { store, postgres, stanza, expendable: expendableOf({ stanza, backups, objects }, kept) };
}

/** Looked at again: what a change names is removed as it is now, never as it was when it was planned. */
async function expire(database: Database, of: SealOf, { what }: Change, ctx: Ctx): Promise<void> {
  const { store, expendable, postgres, stanza } = await look(database, of, ctx);
  const named = (prefix: string) => (what.startsWith(prefix) ? what.slice(prefix.length) : undefined);
  const label = named(BACKUP);
  if (label !== undefined && expendable.labels.includes(label)) await forget(postgres, stanza, label);
  const after = label === undefined ? expendable : (await look(database, of, ctx)).expendable;
  const folder = label ?? named(FILES);
  if (folder !== undefined) return store.remove([...(after.left.get(folder) ?? [])]);
  if (named(WAL) !== undefined) return store.remove([...(after.wal?.keys ?? [])]);
  const former = named(STANZA);
  if (former !== undefined) await store.remove([...(after.stanzas.get(former) ?? [])]);
}

/** Errors: COMMAND_FAILED: pgBackRest knows it still. */
async function forget(postgres: Postgres, stanza: string, label: string): Promise<void> {
  const argv = ['pgbackrest', `--stanza=${stanza}`, `--set=${label}`, 'expire'];
  try {
    textOf(postgres.name, 'pgbackrest expire', await postgres.exec(argv, { timeout: minutes(10) }));
  } catch (error) {
    // It writes backup.info before it removes files, many in one request: that is what the store refuses.
    if (!isOpsError(error, 'COMMAND_FAILED') || !error.details.some(line => line.includes('AccessDenied'))) throw error;
  }
  const { backups } = await readInfo(postgres, stanza);
  if (backups.some(backup => backup.label === label))
    throw new OpsError('COMMAND_FAILED', `cannot expire ${label}: pgBackRest still has it in its list`);
}
