import { OpsError } from '../../../errors/index.ts';
import type { Damage } from '../../source.ts';
import { breakBySql, type DamageDeps, postgresPart } from './deps.ts';
import { quoted } from './quoted.ts';

export const rowsMissing = (deps: DamageDeps): Damage => ({
  id: 'postgres/rows-missing',
  title: 'A table has a row less',
  source: 'postgres',
  async plant(copy) {
    const [largest] = [...postgresPart(copy).facts.tables].sort((a, b) => b.rows - a.rows);
    if (!largest?.rows) throw new OpsError('SET_INCOMPLETE', 'cannot lose a row: the database has none');
    const name = quoted(largest.schema, largest.name);
    // Without its foreign keys, or another table would lose rows too.
    const sql = `SET session_replication_role = replica; DELETE FROM ${name} WHERE ctid = (SELECT max(ctid) FROM ${name});`;
    await breakBySql(copy, deps, sql);
  },
  expect: { verdict: 'not verified', code: 'TABLE_ROWS', level: 'L4' },
});
