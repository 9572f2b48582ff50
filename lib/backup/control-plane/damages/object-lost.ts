import { DatabaseSync } from 'node:sqlite';
import type { Damage } from '../../source.ts';
import { controlPlanePart, type DamageDeps, rewriteDatastore } from './deps.ts';

/** A datastore as whole as any, of another moment: of the manifest's objects one is not in it. */
export const objectLost = (deps: DamageDeps): Damage => ({
  id: 'control-plane/object-lost',
  title: 'The copy of the datastore lacks an object that the manifest has',
  source: 'control-plane',
  plant: copy => {
    const [uid = ''] = Object.values(controlPlanePart(copy).facts.uids);
    return rewriteDatastore(copy, deps, bytes => {
      bytes.fill(1, 18, 20);
      const database = new DatabaseSync(':memory:');
      try {
        database.deserialize(bytes);
        database.prepare('DELETE FROM kine WHERE instr(value, ?) > 0').run(Buffer.from(uid));
        return database.serialize();
      } finally {
        database.close();
      }
    });
  },
  expect: { verdict: 'not verified', code: 'OBJECT_MISSING', level: 'L4' },
});
