import type { Damage } from '../../source.ts';
import { repositoryKeys } from '../repository.ts';
import { postgresPart } from './deps.ts';

/** With its twin beside it, which pgBackRest takes where the first one cannot be read. */
export const manifestCut: Damage = {
  id: 'postgres/manifest-cut',
  title: "pgBackRest's own list of the base backup was cut off before the set was sealed",
  source: 'postgres',
  async plant(copy) {
    const { stanza, label } = postgresPart(copy).facts.pgbackrest;
    const folder = repositoryKeys(stanza).backup(label);
    for (const { key, size } of await copy.store.list(`${folder}backup.manifest`)) {
      const bytes = await copy.store.get(key);
      if (bytes) await copy.store.put(key, bytes.subarray(0, Math.floor(size / 2)));
    }
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'SET_ARTEFACT_CHANGED', level: 'L1' },
};
