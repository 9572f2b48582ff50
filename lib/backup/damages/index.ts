/** Ways in which a set is broken, whatever its sources are. */
import type { Damage } from '../source.ts';
import { bitFlipped } from './bit-flipped.ts';
import { escrowPlaceLost } from './escrow-place-lost.ts';
import { exchanged } from './exchanged.ts';
import { foreign } from './foreign.ts';
import { keyMissing } from './key-missing.ts';
import { keySwapped } from './key-swapped.ts';
import { keyWrong } from './key-wrong.ts';
import { manifestChanged } from './manifest-changed.ts';
import { objectMissing } from './object-missing.ts';
import { objectTruncated } from './object-truncated.ts';
import { otherSigner } from './other-signer.ts';
import { renamed } from './renamed.ts';
import { sourceLeftOut } from './source-left-out.ts';
import { stale } from './stale.ts';

/** Those of a source only make sense in a set that has it. */
export const SET_DAMAGES: readonly Damage[] = [
  ...objectMissing,
  ...objectTruncated,
  ...bitFlipped,
  ...exchanged,
  ...keyMissing,
  keyWrong,
  escrowPlaceLost,
  manifestChanged,
  otherSigner,
  renamed,
  foreign,
  stale,
  sourceLeftOut,
];

/** Found by whoever opens what a source took, with the keys of the escrow: not by the checks of the set alone. */
export const KEY_DAMAGES: readonly Damage[] = keySwapped;
