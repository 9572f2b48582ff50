import { type ExitStatus, oneLine } from '../../errors/index.ts';
import { tellDeadMan } from '../../notify/index.ts';
import { siteDirs } from '../../site/place.ts';
import { systemClock } from '../../time/index.ts';
import { readSite } from '../read-site.ts';
import type { Call } from '../verb.ts';
import { writeLastRun } from './record.ts';
import { SCHEDULED } from './units.ts';

/**
 * The end of a run that a timer started: it is written down, and the dead-man URL is told. What fails here is said and
 * changes nothing about how the run ended; silence is what a dead-man listens for.
 */
export async function scheduledRunEnded(
  { verb, site, project, out }: Pick<Call, 'verb' | 'site' | 'project' | 'out'>,
  startedAt: number,
  exit: ExitStatus,
): Promise<void> {
  const job = SCHEDULED.find(name => name === verb);
  if (!job) return;
  await writeLastRun(siteDirs(project, site).state, job, { startedAt, endedAt: Date.now(), exit }).catch(error =>
    out.status(`notice  cannot write down that the scheduled ${job} ended: ${oneLine(error)}`),
  );
  const read = await readSite(project, site).catch(() => undefined);
  if (!read) return out.status('notice  cannot tell the dead-man: the inventory with its URL cannot be read');
  const ping = read.backup?.schedule?.ping;
  if (ping === undefined) return;
  // Not the run's own signal: also an interrupted run tells how it ended.
  const context = { clock: systemClock, signal: new AbortController().signal, random: Math.random };
  const why = await tellDeadMan(ping.replaceAll('{verb}', job), exit, context);
  out.status(why === undefined ? `notice  the dead-man was told: exit status ${exit}` : `notice  ${why}`);
}
