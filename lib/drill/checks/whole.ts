import { NAMESPACE as APP } from '../../addon/app/app.ts';
import { type CheckResult, partOf } from '../../backup/index.ts';
import type { Drill } from '../scenario.ts';
import { appResults } from './app.ts';
import { canaryResults, newestResult } from './canaries.ts';
import { postgresResults, veleroResults } from './restored.ts';
import { workloadResults } from './workloads.ts';

/**
 * Of a loss that took everything of these namespaces, or of all: what came back, from the database to the front door of
 * the application, and what runs in the others. Side by side: the person who is made and removed is nobody's canary, and what
 * rows there were was compared at the set's point.
 */
export async function wholeResults(drill: Drill, namespaces?: readonly string[]): Promise<CheckResult[]> {
  const { app } = drill.target.site;
  const all = namespaces ?? partOf(drill.set.manifest, 'velero')?.facts.namespaces ?? [];
  const others = all.filter(name => !app || name !== APP);
  const looks = [
    postgresResults(drill),
    veleroResults(drill, namespaces),
    canaryResults(drill),
    workloadResults(drill, others),
    ...(drill.mode === 'rebuild' ? [newestResult(drill)] : []),
    appResults(drill),
  ];
  return (await Promise.all(looks)).flat();
}
