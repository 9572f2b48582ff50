import type { KeyObject } from 'node:crypto';
import type { ObjectStore } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { Check } from '../check.ts';
import type { EscrowAt } from '../escrow/place.ts';
import { readSet } from '../manifest.ts';
import type { Manifest } from '../set.ts';

/** What the checks of a set look at: a bucket, or a copy of one, and the keys to it. */
export interface SetAtHand {
  /** Whose set it has to be, and what it has to hold. */
  site: Pick<Site, 'name' | 'backup'>;
  store: ObjectStore;
  id: string;
  publicKey: KeyObject;
  escrow: EscrowAt;
  /** The moment from which age is counted: now, or a drill's t0. */
  at: Date;
  /** Of a rebuild: nothing newer is to be had, so that its age is only told. */
  anyAge?: boolean;
}

export type Look = ReturnType<Check<SetAtHand>['look']>;

/** The manifest for a check that builds on it. Errors: CHECK_UNRUN when it cannot be trusted: set.signature says why. */
export async function trusted({ store, id, site, publicKey }: SetAtHand): Promise<Manifest> {
  try {
    return (await readSet(store, id, { site: site.name, publicKey })).manifest;
  } catch (error) {
    if (!isOpsError(error) || !/^(MANIFEST_|SET_)/.test(error.code)) throw error;
    throw new OpsError('CHECK_UNRUN', `cannot look at the set: ${error.message}`, { cause: error });
  }
}
