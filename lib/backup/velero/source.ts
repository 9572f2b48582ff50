import type { Damage, Source } from '../source.ts';
import { type DamageDeps, veleroDamages } from './damages/index.ts';
import { restoreStep } from './restore.ts';
import { veleroTake } from './take.ts';

/** Objects and volumes of the declared namespaces. `damages` need a kopia that may write: that of a copy. */
export const veleroSource = (breaking?: DamageDeps): Source<'velero'> => ({
  name: 'velero',
  take: veleroTake,
  restore: (part, into) => [restoreStep(part, into)],
  damages: breaking ? veleroDamages(breaking) : ([] as Damage[]),
});
