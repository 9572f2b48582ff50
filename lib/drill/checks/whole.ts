import type { CheckResult } from '../../backup/index.ts';
import type { Drill } from '../scenario.ts';
import { appResults } from './app.ts';
import { canaryResults, newestResult } from './canaries.ts';
import { postgresResults, veleroResults } from './restored.ts';

/** Of a loss that took everything of the application: all that came back, from the database to its front door. */
export const wholeResults = async (drill: Drill): Promise<CheckResult[]> => [
  ...(await postgresResults(drill)),
  ...(await veleroResults(drill)),
  ...(await canaryResults(drill)),
  ...(drill.mode === 'rebuild' ? await newestResult(drill) : []),
  ...(await appResults(drill)),
];
