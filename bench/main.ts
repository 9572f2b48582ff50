/** `make bench`: ratios, each measured in one run. Budgets: design.md section 13. */
import { join } from 'node:path';
import { benchClients } from './clients.ts';
import { newestRuns, printCriticalPath } from './critical-path.ts';
import { benchFanOut } from './fan-out.ts';
import { printRatios } from './ratio.ts';

const muster = join(import.meta.dirname, '..', 'muster');

printRatios('start-up, against a bare Node; at most 1.4x', [
  { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
  { name: './muster --help', argv: [muster, '--help'] },
  { name: './muster explain LOCK_HELD', argv: [muster, 'explain', 'LOCK_HELD'] },
]);

benchClients();

if (process.getuid?.() === 0) for (const hosts of [50, 500]) await benchFanOut(hosts);

for (const path of await newestRuns()) await printCriticalPath(path);
