import { type Manifest, partOf } from '../backup/index.ts';
import { postgresRestore } from '../backup/postgres/restore.ts';
import { restoreStep as veleroRestore } from '../backup/velero/restore.ts';
import type { AnyStep } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';

/** Objects and volumes, then the database in its own volume, which Velero left empty and PostgreSQL at rest. */
export function dataSteps(site: Site, set: Manifest, bootstrap: readonly AnyStep[]): AnyStep[] {
  const [velero, postgres] = [partOf(set, 'velero'), partOf(set, 'postgres')];
  const access = bootstrap.find(({ id }) => id === 'postgres.access');
  const steps = [
    ...(velero ? [veleroRestore(velero, site)] : []),
    ...(access && postgres ? [{ ...access, needs: [] }] : []),
    ...(postgres ? postgresRestore(postgres, site, { archive: 'on' }) : []),
  ];
  // Each after the one before it: the database's pod, volume and archive are looked at when they are there.
  return steps.map((step, n) => {
    const before = steps[n - 1]?.id;
    return { ...step, needs: before === undefined ? [] : [{ step: before, scope: 'same' }] };
  });
}
