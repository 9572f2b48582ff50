import { NAMESPACE as APP } from '../../addon/app/app.ts';
import { type CheckResult, partOf } from '../../backup/index.ts';
import type { Drill } from '../scenario.ts';
import { appResults } from './app.ts';
import { canaryResults, newestResult } from './canaries.ts';
import { postgresResults, veleroResults } from './restored.ts';
import { workloadResults } from './workloads.ts';

/**
 * Of a loss that took everything of these namespaces, or of all: what came back, from the database to the front door of
 * the application, and what runs in the others. Those that only read do so side by side; the last one writes.
 */
export async function wholeResults(drill: Drill, namespaces?: readonly string[]): Promise<CheckResult[]> {
  const { app } = drill.target.site;
  const all = namespaces ?? partOf(drill.set.manifest, 'velero')?.facts.namespaces ?? [];
  const others = all.filter(name => !app || name !== APP);
  const read = [
    postgresResults(drill),
    veleroResults(drill, namespaces),
    canaryResults(drill),
    workloadResults(drill, others),
  ];
  if (drill.mode === 'rebuild') read.push(newestResult(drill));
  const results = (await Promise.all(read)).flat();
  return [...results, ...(await appResults(drill))];
}
