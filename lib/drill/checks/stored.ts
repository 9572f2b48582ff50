import {
  type CheckResult,
  escrowOf,
  partOf,
  publicKeyPath,
  readPublicKey,
  readSet,
  runChecks,
  SET_CHECKS,
  type SealedSet,
} from '../../backup/index.ts';

import { contentChecks, recordCheck } from '../../backup/velero/checks.ts';
import { withKopia } from '../../backup/velero/surroundings.ts';
import type { OpenSite } from '../../site/index.ts';
import { storeAccess } from '../../store/index.ts';
import { surroundingsOf } from './surroundings.ts';

export interface Stored {
  /** undefined: its signature does not hold. */
  set?: SealedSet;
  checks: CheckResult[];
}

/** L0 and L1: all that can be told of a set from the store and the escrow, before anything is lost for it. */
export async function lookAtStored(open: OpenSite, id: string, at: Date): Promise<Stored> {
  const { site, dirs, ports } = open;
  const [store, publicKey] = await Promise.all([
    ports.store(site.name),
    readPublicKey(publicKeyPath(site, dirs.project)),
  ]);
  const escrow = escrowOf(site);
  const checks = await runChecks(SET_CHECKS, { site, store, id, publicKey, escrow, at });
  const set = await readSet(store, id, { site: site.name, publicKey }).catch(() => undefined);
  if (!set) return { checks };
  const velero = partOf(set.manifest, 'velero');

  if (velero) checks.push(...(await runChecks([recordCheck(velero)], store)));
  for (const { namespace, ...check } of velero ? contentChecks(velero) : []) {
    const access = await storeAccess(site, 'site', { dirs, secrets: ports.secrets });
    const where = { access, namespace };
    const look = () => withKopia(site, where, surroundingsOf(open), kopia => check.look(kopia));
    checks.push(...(await runChecks([{ ...check, look }], undefined)));
  }
  return { set, checks };
}
