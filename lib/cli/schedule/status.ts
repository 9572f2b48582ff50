import { stat } from 'node:fs/promises';
import type { Shell } from '../../engine/index.ts';
import { formatDuration } from '../../time/index.ts';
import { dueAfter, utc } from './calendar.ts';
import { healthOf, type JobFacts, type JobHealth } from './decide.ts';
import { readLastRun } from './record.ts';
import { type Calendars, jobsOf, type Scheduled, unitName, unitPath } from './units.ts';

export interface JobStatus extends JobFacts {
  job: Scheduled;
  unit: string;
  health: JobHealth;
  /** One line. */
  says: string;
}

/** It ran, or should have, and that did not end well. A computer without timers of the site is not asked about them. */
export const isLate = ({ health }: Pick<JobStatus, 'health'>): boolean => health === 'failed' || health === 'missed';

export interface Asked {
  site: string;
  schedule: Calendars;
  /** .muster/<site> */
  state: string;
  /** Of this computer. */
  shell: Shell;
  /** UTC, milliseconds. */
  now: number;
}

/** How the timers of this computer are, and how their last runs ended. */
export const scheduleStatus = (asked: Asked): Promise<JobStatus[]> =>
  Promise.all(
    jobsOf(asked.schedule).map(async ({ job, calendar }) => {
      const facts = await jobFacts(job, calendar, asked);
      const health = healthOf(facts, asked.now);
      return { job, unit: unitName(asked.site, job), ...facts, health, says: words(health, facts, asked.now) };
    }),
  );

async function jobFacts(job: Scheduled, calendar: string, { site, state, shell }: Asked): Promise<JobFacts> {
  const unit = unitName(site, job);
  const [last, timer, file] = await Promise.all([
    readLastRun(state, job),
    timerFacts(unit, shell),
    stat(unitPath(`${unit}.timer`)).catch(() => undefined),
  ]);
  // A run before the timer was put here, or changed, says nothing of it.
  const since = Math.max(last?.startedAt ?? 0, file?.mtimeMs ?? 0);
  const due = since > 0 ? await dueAfter(calendar, since, shell).catch(() => undefined) : undefined;
  return { ...(timer && { timer }), ...(last && { last }), ...(due !== undefined && { due }) };
}

/** In UTC, whatever this computer's zone is. */
async function timerFacts(unit: string, shell: Shell): Promise<JobFacts['timer']> {
  const names = ['-p', 'LoadState,UnitFileState,ActiveState,NextElapseUSecRealtime'];
  const show = ['systemctl', 'show', `${unit}.timer`, `${unit}.service`, ...names];
  const shown = await shell.exec(show, { env: { LC_ALL: 'C', TZ: 'UTC' } }).catch(() => undefined);
  if (shown?.code !== 0) return undefined;
  const [timer = '', service = ''] = shown.stdout.text.split('\n\n');
  const field = (text: string, name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const next = utc(field(timer, 'NextElapseUSecRealtime'));
  return {
    installed: field(timer, 'LoadState') === 'loaded' && field(timer, 'UnitFileState') === 'enabled',
    waiting: field(timer, 'ActiveState') === 'active',
    running: field(service, 'ActiveState') === 'activating',
    ...(next !== undefined && { next }),
  };
}

const minute = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function words(health: JobHealth, { timer, last, due }: JobFacts, now: number): string {
  const ran = last
    ? `last run ${formatDuration(Math.max(0, now - last.startedAt))} ago, exit status ${last.exit}`
    : 'no run ended yet';
  const parts: Record<JobHealth, string> = {
    ok: ran,
    waiting: ran,
    running: `runs now; ${ran}`,
    failed: `FAILED: ${ran}`,
    missed: `MISSED: was due ${due === undefined ? '' : minute(due)}; ${ran}`,
    absent: `no timer on this computer; ${ran}`,
    unknown: `unknown: systemd does not say; ${ran}`,
  };
  return [parts[health], timer?.next !== undefined && `next ${minute(timer.next)}`].filter(Boolean).join('; ');
}
