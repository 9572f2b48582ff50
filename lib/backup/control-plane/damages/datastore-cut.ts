import type { Damage } from '../../source.ts';
import { type DamageDeps, rewriteDatastore } from './deps.ts';

/** As by a copy of the file while the server writes, instead of SQLite's own. */
export const datastoreCut = (deps: DamageDeps): Damage => ({
  id: 'control-plane/datastore-cut',
  title: 'The copy of the datastore was cut off before it was sealed',
  source: 'control-plane',
  plant: copy => rewriteDatastore(copy, deps, bytes => bytes.subarray(0, Math.floor(bytes.length / 2))),
  expect: { verdict: 'not verified', code: 'SET_INCOMPLETE', level: 'L1' },
});
