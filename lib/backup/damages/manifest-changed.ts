import type { Damage } from '../source.ts';
import { manifestKey, rewrite } from './victim.ts';

/** The smallest change that would matter: another moment, so that an old set looks like a new one. */
export const manifestChanged: Damage = {
  id: 'set/manifest-changed',
  title: 'the manifest was changed after it was signed',
  source: 'set',
  plant: copy =>
    rewrite(copy, manifestKey(copy), bytes => {
      const { takenAt } = copy.set.manifest;
      const later = takenAt.replace(/^\d{4}/, year => String(Number(year) + 1));
      return Buffer.from(Buffer.from(bytes).toString().replace(takenAt, later));
    }),
  expect: { verdict: 'not verified', code: 'MANIFEST_CHANGED', level: 'L0' },
};
