import { type Damage, NoRoom } from '../../source.ts';
import { breakBySql, type DamageDeps, postgresPart } from './deps.ts';
import { quoted } from './quoted.ts';

/** The manifest says the same of it: the source was like this, and only its column tells. */
export const sequenceBehind = (deps: DamageDeps): Damage => ({
  id: 'postgres/sequence-behind',
  title: 'A sequence is behind its data, as the manifest says',
  source: 'postgres',
  async plant(copy) {
    const used = postgresPart(copy).facts.sequences.find(({ last }) => Number(last) > 1);
    if (!used) throw new NoRoom('no sequence of the set was used');
    const name = quoted(used.schema, used.name).replaceAll("'", "''");
    await breakBySql(copy, deps, `SELECT setval('${name}', 1);`, ['sequences']);
  },
  expect: { verdict: 'not verified', code: 'SEQUENCE_BEHIND', level: 'L5' },
});
