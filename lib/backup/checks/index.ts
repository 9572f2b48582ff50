/** The lowest rungs of the ladder: what can be told of a set from its bucket and its escrow alone. */
import type { Check } from '../check.ts';
import { age } from './age.ts';
import { artefacts } from './artefacts.ts';
import { complete } from './complete.ts';
import { escrow } from './escrow.ts';
import type { SetAtHand } from './set-at-hand.ts';
import { signature } from './signature.ts';
import { ofSite } from './site.ts';

export type { SetAtHand } from './set-at-hand.ts';

/** In this order: what is found first is named first. */
export const SET_CHECKS: readonly Check<SetAtHand>[] = [signature, ofSite, complete, age, escrow, artefacts];
