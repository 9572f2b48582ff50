import type { Damage } from '../../source.ts';
import { indexesExchanged, packsExchanged } from './blobs-exchanged.ts';
import { contentLost } from './content-lost.ts';
import type { DamageDeps } from './deps.ts';
import { indexMissing } from './index-missing.ts';
import { packFlipped } from './pack-flipped.ts';
import { packTruncated } from './pack-truncated.ts';
import { partialSealed } from './partial-sealed.ts';
import { repositoryForeign } from './repository-foreign.ts';
import { volumeEmpty } from './volume-empty.ts';
import { wrongPassword } from './wrong-password.ts';

export type { DamageDeps } from './deps.ts';

/** What only Velero's own tools can tell: sealed like this, so that every digest holds. */
export const veleroDamages = (deps: DamageDeps): Damage[] => [
  packTruncated(deps),
  indexMissing,
  packFlipped(deps),
  contentLost(deps),
  packsExchanged,
  indexesExchanged,
  partialSealed,
  repositoryForeign(deps),
  wrongPassword(deps),
  volumeEmpty(deps),
];
