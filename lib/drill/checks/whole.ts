import type { CheckResult } from '../../backup/index.ts';
import type { Drill } from '../scenario.ts';
import { appResults } from './app.ts';
import { canaryResults, newestResult } from './canaries.ts';
import { postgresResults, veleroResults } from './restored.ts';

/**
 * Of a loss that took everything of the application: all that came back, from the database to its front door. Those that
 * only read do so side by side; the last one writes.
 */
export async function wholeResults(drill: Drill): Promise<CheckResult[]> {
  const read = [postgresResults(drill), veleroResults(drill), canaryResults(drill)];
  if (drill.mode === 'rebuild') read.push(newestResult(drill));
  const results = (await Promise.all(read)).flat();
  return [...results, ...(await appResults(drill))];
}
