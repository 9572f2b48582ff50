import type { Damage } from '../../source.ts';
import { archiveKeys } from '../point.ts';
import { archivedSegments, segmentsBetween } from '../wal.ts';
import { postgresPart } from './deps.ts';

export const walMissing: Damage = {
  id: 'postgres/wal-missing',
  title: 'A WAL segment inside the range was lost before the set was sealed',
  source: 'postgres',
  async plant(copy) {
    const { pgbackrest } = postgresPart(copy).facts;
    const range = segmentsBetween(pgbackrest.walFirst, pgbackrest.walLast);
    const segments = archivedSegments(await archiveKeys(copy.store, pgbackrest));
    const victim = segments.get(range[Math.floor(range.length / 2)] ?? '');
    if (victim !== undefined) await copy.store.remove([victim]);
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'WAL_GAP', level: 'L1' },
};
