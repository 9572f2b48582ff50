import type { Damage } from '../../source.ts';
import { infoCopies } from '../point.ts';
import { postgresPart } from './deps.ts';

/** What a versioned bucket shows when the newest version of backup.info was deleted; another file does as well. */
export const indexOlder: Damage = {
  id: 'postgres/index-older',
  title: "pgBackRest's index does not know the base backup",
  source: 'postgres',
  async plant(copy) {
    const { facts } = postgresPart(copy);
    const [[, backupInfo] = [], [archiveCopy] = []] = infoCopies(copy.set.manifest.id, facts.pgbackrest.stanza);
    const other = archiveCopy && (await copy.store.get(archiveCopy));
    if (backupInfo && other) await copy.store.put(backupInfo, other);
  },
  expect: { verdict: 'not verified', code: 'SET_ARTEFACT_CHANGED', level: 'L1' },
};
