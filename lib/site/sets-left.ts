import { generations } from '../backup/escrow/generations.ts';
import { escrowAtHand, escrowOf } from '../backup/index.ts';
import { isOpsError } from '../errors/index.ts';
import { lendKeys } from './lost.ts';
import type { OpenSite } from './open.ts';
import { chosenSet } from './restore.ts';

/** Whether a site that is gone has a set to come back from; undefined: its escrow or its store does not tell. */
export async function setsLeft(open: OpenSite): Promise<boolean | undefined> {
  const { site, signal } = open;
  if (!site.backup) return false;
  try {
    const escrow = await escrowAtHand(escrowOf(site));
    if ((await generations(escrow)).length === 0) return false;
    const lent = await lendKeys(open, escrow);
    try {
      await chosenSet(lent, {});
      return true;
    } finally {
      await lent.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return isOpsError(error, 'SET_ABSENT') || isOpsError(error, 'ESCROW_ABSENT') ? false : undefined;
  }
}
