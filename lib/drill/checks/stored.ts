import { escrowOf, publicKeyPath, readPublicKey, type SetAtHand } from '../../backup/index.ts';
import type { OpenSite } from '../../site/index.ts';
import { storeAccess } from '../../store/index.ts';
import { type Proof, proveStored, type Rung, STORED } from '../prove.ts';
import { surroundingsOf } from './surroundings.ts';

/** A rebuild brings the identity along, and takes what there is. `rungs`: how far the ladder is climbed; L1 when absent. */
export type LookFrom = Partial<Pick<SetAtHand, 'escrow' | 'anyAge'>> & { rungs?: readonly Rung[] };

/** L0 and L1: all that can be told of a set from the store and the escrow, before anything is lost for it. */
export async function lookAtStored(
  open: OpenSite,
  id: string,
  at: Date,
  { rungs = STORED, ...from }: LookFrom = {},
): Promise<Proof> {
  const { site, dirs, ports } = open;
  const [store, publicKey, access] = await Promise.all([
    ports.store(site.name),
    readPublicKey(publicKeyPath(site, dirs.project)),
    storeAccess(site, 'site', { dirs, secrets: ports.secrets }),
  ]);
  const set = { site, store, id, publicKey, escrow: escrowOf(site), at, ...from };
  return proveStored({ set, access, ctx: surroundingsOf(open) }, rungs);
}
