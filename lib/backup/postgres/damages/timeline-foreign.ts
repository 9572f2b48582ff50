import type { Damage } from '../../source.ts';
import { archiveKeys } from '../point.ts';
import { repositoryKeys } from '../repository.ts';
import { archivedSegments } from '../wal.ts';
import { postgresPart } from './deps.ts';

/** As of a copy that was opened without a fence: it begins a timeline of its own, and its archive is the site's. */
export const timelineForeign: Damage = {
  id: 'postgres/timeline-foreign',
  title: 'Another database began a timeline in the archive',
  source: 'postgres',
  async plant(copy) {
    const { pgbackrest, restorePoint } = postgresPart(copy).facts;
    const keys = await archiveKeys(copy.store, pgbackrest);
    const [segment = ''] = archivedSegments(keys).values();
    const folder = segment.slice(0, segment.indexOf('/', repositoryKeys(pgbackrest.stanza).archive.length));
    const next = (restorePoint.timeline + 1).toString(16).toUpperCase().padStart(8, '0');
    await copy.store.copy({ bucket: copy.store.bucket, key: segment }, `${folder}/${next}.history`);
  },
  expect: { verdict: 'not verified', code: 'TIMELINE_FOREIGN', level: 'L1' },
};
