import type { Damage } from '../../source.ts';
import type { DamageDeps } from './deps.ts';
import { dumpEmpty } from './dump-empty.ts';
import { dumpForeign } from './dump-foreign.ts';
import { grantMissing } from './grant-missing.ts';
import { indexCorrupt } from './index-corrupt.ts';
import { indexOlder } from './index-older.ts';
import { manifestCut } from './manifest-cut.ts';
import { roleMissing } from './role-missing.ts';
import { rowsMissing } from './rows-missing.ts';
import { sequenceBehind } from './sequence-behind.ts';
import { timelineForeign } from './timeline-foreign.ts';
import { valueChanged } from './value-changed.ts';
import { walMissing } from './wal-missing.ts';

export type { DamageDeps } from './deps.ts';

/** What only the data tells: sealed like this, so that every digest holds. */
export const postgresDamages = (deps: DamageDeps): Damage[] => [
  walMissing,
  indexOlder,
  manifestCut,
  timelineForeign,
  dumpEmpty(deps),
  dumpForeign(deps),
  roleMissing(deps),
  grantMissing(deps),
  rowsMissing(deps),
  valueChanged(deps),
  sequenceBehind(deps),
  indexCorrupt(deps),
];
