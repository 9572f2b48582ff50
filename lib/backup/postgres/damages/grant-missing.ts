import { type Damage, NoRoom } from '../../source.ts';
import { breakBySql, type DamageDeps, postgresPart } from './deps.ts';

export const grantMissing = (deps: DamageDeps): Damage => ({
  id: 'postgres/grant-missing',
  title: 'A grant is missing',
  source: 'postgres',
  async plant(copy) {
    const grant = postgresPart(copy).facts.grants.find(
      ({ object, grantee }) => /^(table|schema) /.test(object) && !/^(postgres|pg_.*)$/.test(grantee),
    );
    if (!grant) throw new NoRoom('nobody but postgres has a grant on a table or a schema of the set');
    // Object and grantee are quoted already: facts.sql made them with %I.
    await breakBySql(copy, deps, `REVOKE ALL ON ${grant.object} FROM ${grant.grantee};`);
  },
  expect: { verdict: 'not verified', code: 'GRANT_MISSING', level: 'L3' },
});
