import { OpsError } from '../../errors/index.ts';
import { hasRoles } from '../../store/index.ts';
import type { AuditCheck } from './at-hand.ts';

const CURE = 'give backup.store a reader and an admin';

/** Not required: an owner may want one pair of keys, and shall know what that means (docs/decisions/0024). */
export const rolesCheck: AuditCheck = {
  id: 'audit.roles',
  title: 'The keys of the site are not those of the owner of its history',
  source: 'site',
  level: 'L0',
  required: false,
  expected: 'keys of their own for reader and admin',
  async look({ site }) {
    if (hasRoles(site)) return { state: 'passed', got: 'reader and admin have keys of their own' };
    const store = site.backup?.store;
    // Who hardens a bucket can undo it.
    if (store?.kind === 's3' && store.admin === undefined)
      return { state: 'failed', code: 'HISTORY_ERASABLE', got: `the site's keys can erase its history: ${CURE}` };
    throw new OpsError('CHECK_UNRUN', `cannot tell what the site's keys can erase: nobody tries them; ${CURE}`);
  },
};
