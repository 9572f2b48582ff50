import type { Damage } from '../../source.ts';
import { type DamageDeps, postgresPart } from './deps.ts';
import { quoted } from './quoted.ts';
import { replaceDump } from './replace-dump.ts';

/** Roles, tables and grants are the very same; of each table a row is not. */
export const dumpForeign = (deps: DamageDeps): Damage => ({
  id: 'postgres/dump-foreign',
  title: 'The dump is of another database with the same tables',
  source: 'postgres',
  async plant(copy) {
    const { dump, tables } = postgresPart(copy).facts;
    const names = tables.filter(({ rows }) => rows > 0).map(({ schema, name }) => quoted(schema, name));
    const lose = names.map(name => `DELETE FROM ${name} WHERE ctid = (SELECT min(ctid) FROM ${name});`);
    await deps.database(copy, async ({ postgres }) => {
      await postgres.psql(['SET session_replication_role = replica;', ...lose].join('\n'));
      await replaceDump(postgres, dump, 'pg_dump -Fc -d app');
    });
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'DUMP_FOREIGN', level: 'L3' },
});
