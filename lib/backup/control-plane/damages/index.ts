import type { Damage } from '../../source.ts';
import { datastoreCut } from './datastore-cut.ts';
import type { DamageDeps } from './deps.ts';
import { objectLost } from './object-lost.ts';

export type { DamageDeps } from './deps.ts';

/** What only the opened copy tells: sealed like this, so that every digest holds. */
export const controlPlaneDamages = (deps: DamageDeps): Damage[] => [datastoreCut(deps), objectLost(deps)];
