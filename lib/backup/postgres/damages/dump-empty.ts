import type { Damage } from '../../source.ts';
import { type DamageDeps, postgresPart } from './deps.ts';
import { replaceDump } from './replace-dump.ts';

export const dumpEmpty = (deps: DamageDeps): Damage => ({
  id: 'postgres/dump-empty',
  title: 'The dump is empty: pg_dump ended with an error that nobody saw',
  source: 'postgres',
  async plant(copy) {
    const { dump } = postgresPart(copy).facts;
    await deps.database(copy, ({ postgres }) => replaceDump(postgres, dump, 'true'));
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'DUMP_EMPTY', level: 'L2' },
});
