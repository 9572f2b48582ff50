import { type Damage, NoRoom } from '../../source.ts';
import { breakBySql, type DamageDeps, postgresPart } from './deps.ts';
import { quoted } from './quoted.ts';

export const roleMissing = (deps: DamageDeps): Damage => ({
  id: 'postgres/role-missing',
  title: 'A role is missing, and its grants with it',
  source: 'postgres',
  async plant(copy) {
    const role = postgresPart(copy).facts.roles.find(({ attributes }) => !attributes.includes('superuser'));
    if (!role) throw new NoRoom('the set has no role but superusers');
    const name = quoted(role.name);
    await breakBySql(copy, deps, `REASSIGN OWNED BY ${name} TO postgres; DROP OWNED BY ${name}; DROP ROLE ${name};`);
  },
  expect: { verdict: 'not verified', code: 'ROLE_MISSING', level: 'L3' },
});
