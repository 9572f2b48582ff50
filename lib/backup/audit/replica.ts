import { SET_CHECKS } from '../checks/index.ts';
import { sealedIds } from '../seal.ts';
import type { AuditCheck } from './at-hand.ts';

/**
 * The replica by itself, as if the store were gone: how late a copy is stands in no setting. Its newest set is the last one
 * whose manifest came; every object of it is read and compared with the signed digests, and its age with the RPO.
 */
export const replicaChecks: readonly AuditCheck[] = SET_CHECKS.filter(({ id }) => !/escrow|site/.test(id)).map(
  check => ({
    ...check,
    id: check.id.replace('set.', 'audit.replica.'),
    title: `The newest set of the replica: ${check.title}`,
    async look({ site, replica, publicKey, escrow, now: at }) {
      const store = await replica();
      const id = (await sealedIds(store)).at(-1);
      if (id === undefined) return { state: 'failed', code: 'SET_ABSENT', got: `no set is in ${store.bucket}` };
      const seen = await check.look({ site, store, id, publicKey: await publicKey(), escrow, at });
      return { ...seen, got: `${id}: ${seen.got}` };
    },
  }),
);
