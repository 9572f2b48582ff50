import { type Manifest, partOf } from '../backup/index.ts';
import { postgresRestore } from '../backup/postgres/restore.ts';
import { restoreStep as veleroRestore } from '../backup/velero/restore.ts';
import type { AnyStep } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';

/** Each after the one before it: volume, archive and pod of the database are looked at when they are there. */
const inTurn = (steps: readonly AnyStep[]): AnyStep[] =>
  steps.map((step, n) => {
    const before = steps[n - 1]?.id;
    return { ...step, needs: before === undefined ? [] : [{ step: before, scope: 'same' }] };
  });

/** Objects and volumes, then the database in its own volume, which Velero left empty and PostgreSQL at rest. */
export function dataSteps(site: Site, set: Manifest, bootstrap: readonly AnyStep[]): AnyStep[] {
  const velero = partOf(set, 'velero');
  const access = bootstrap.filter(({ id }) => id === 'postgres.access');
  return inTurn([...(velero ? [veleroRestore(velero, site)] : []), ...access, ...databaseSteps(site, set)]);
}

/** `at`: the moment to go back to; absent: all that was archived. */
export function databaseSteps(site: Site, set: Manifest, at?: Date): AnyStep[] {
  const part = partOf(set, 'postgres');
  return part ? inTurn(postgresRestore(part, site, { archive: 'on', ...(at && { at }) })) : [];
}
