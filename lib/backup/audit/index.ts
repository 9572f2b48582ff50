/** The audit: whether what is in the store would bring the site back, and whether all of the site is in it. Reads only. */
import type { CheckResult } from '../check.ts';
import { runChecks } from '../run-checks.ts';
import type { AuditAtHand } from './at-hand.ts';
import { contentCheck, newestChecks } from './content.ts';
import { freshCheck } from './fresh.ts';
import { kmsKeyCheck } from './key.ts';
import { orphansCheck } from './orphans.ts';
import { bucketCheck, escrowCheck, volumesCheck } from './places.ts';
import { repositoryIndexCheck, timelineCheck, walContentCheck, walGapCheck } from './postgres.ts';
import { replicaChecks } from './replica.ts';
import { rolesCheck } from './roles.ts';
import { artefactsCheck, setsCheck } from './sets.ts';

export type { AuditAtHand } from './at-hand.ts';

/** In the order in which a person would ask. What throws is unknown: a store that is away is never fine. */
export function audit(of: AuditAtHand): Promise<CheckResult[]> {
  const { environment, backup } = of.site;
  const { sources = [], store } = backup ?? {};
  const has = (name: (typeof sources)[number]) => sources.includes(name);
  const checks = [
    ...sources.map(freshCheck),
    setsCheck,
    artefactsCheck,
    ...newestChecks,
    ...(has('postgres') ? [walGapCheck, walContentCheck, repositoryIndexCheck, timelineCheck] : []),
    ...(has('velero') ? [contentCheck] : []),
    volumesCheck,
    orphansCheck,
    escrowCheck,
    ...(store?.kind === 's3' && store.replica ? replicaChecks : []),
    ...(store?.kind === 's3' && store.kmsKey !== undefined ? [kmsKeyCheck(store.kmsKey)] : []),
    bucketCheck,
    ...(environment === 'lab' ? [] : [rolesCheck]),
  ];
  return runChecks(checks, of);
}
