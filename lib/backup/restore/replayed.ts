import type { ObjectStore } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { archiveOf } from '../audit/postgres.ts';
import { walReach } from '../audit/wal.ts';
import type { Check } from '../check.ts';
import { positionOf, startOf } from '../postgres/wal.ts';
import type { PartOf } from '../set.ts';
import type { Postgres } from '../source.ts';

const SQL = `SELECT timeline_id, coalesce(pg_last_wal_replay_lsn()::text, '') FROM pg_control_checkpoint()`;

/**
 * Of a database that was restored with all its WAL: it went on from the newest segment of the archive. A restore that
 * does not reach the archive ends at the set's point, and every comparison with the manifest holds.
 */
export const replayedCheck = (part: PartOf<'postgres'>, store: () => Promise<ObjectStore>): Check<Postgres> => ({
  id: 'postgres.replayed',
  title: 'All WAL of the archive is replayed',
  source: 'postgres',
  level: 'L4',
  required: true,
  expected: 'up to the newest segment of the timelines before this one',
  async look(postgres) {
    const [timeline = '', lsn = ''] = (await postgres.psql(SQL, { database: 'postgres' })).trim().split('|');
    if (lsn === '')
      throw new OpsError('CHECK_UNRUN', 'cannot tell how far WAL was replayed: PostgreSQL started anew since');
    const mine = Number(timeline).toString(16).toUpperCase().padStart(8, '0');
    const all = archiveOf(part, await (await store()).list('pgbackrest/archive/'));
    const before = all.filter(({ key }) => !new RegExp(`/${mine}[0-9A-F]{16}-`).test(key));
    const { newest } = walReach(part.facts.pgbackrest.walFirst, before);
    const got = `replayed up to ${lsn}, timeline ${Number(timeline)}`;
    if (newest && positionOf(lsn) < startOf(newest.segment))
      return { state: 'failed', code: 'RESTORE_FAILED', got: `${got}; the archive leads on to ${newest.segment}` };
    return { state: 'passed', got };
  },
});
