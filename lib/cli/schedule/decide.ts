import type { Change, Decision } from '../../engine/index.ts';
import type { Duration } from '../../time/index.ts';

/** The files of a job by path, and its timer as systemd has it loaded. */
export interface UnitFacts {
  timer: string;
  /** undefined: there is no such file. */
  files: Readonly<Record<string, string | undefined>>;
  enabled: boolean;
  /** active: it waits for the next time. */
  active: boolean;
  /** The files changed since systemd read them. */
  stale: boolean;
}

export interface UnitWant {
  files: Readonly<Record<string, string>>;
}

export function decideUnits(want: UnitWant | undefined, facts: UnitFacts): Decision {
  const { timer, files, enabled, active, stale } = facts;
  const there = Object.keys(files).filter(path => files[path] !== undefined);
  if (!want) {
    const off: Change[] = enabled || active ? [{ action: 'delete', what: `timer ${timer}`, grade: 'known' }] : [];
    const gone = there.map((path): Change => ({ action: 'delete', what: `file ${path}`, grade: 'known' }));
    if (off.length + gone.length === 0) return { is: 'done', reason: `there is no ${timer}` };
    return { is: 'changes', changes: [...off, ...gone] };
  }
  const changes = Object.entries(want.files)
    .filter(([path, text]) => files[path] !== text)
    .map(([path]): Change => {
      const action = files[path] === undefined ? 'create' : 'update';
      return { action, what: `file ${path}`, grade: 'known' };
    });
  if (changes.length === 0 && enabled && active && !stale) return { is: 'done', reason: `${timer} waits` };
  const from = stale ? 'not what its file says' : enabled ? 'enabled' : 'not enabled';
  const start: Change = { action: 'run', what: `timer ${timer}`, from, to: 'enabled, waiting', grade: 'known' };
  return { is: 'changes', changes: [...changes, start] };
}

/** How the newest scheduled run of a job ended. UTC, milliseconds. */
export interface LastRun {
  startedAt: number;
  endedAt: number;
  exit: number;
}

export interface JobFacts {
  /** undefined: systemd could not be asked. */
  timer?: { installed: boolean; waiting: boolean; running: boolean; next?: number };
  last?: LastRun;
  /** The first time that it was due after the last run, or after it was installed; undefined: not told. */
  due?: number;
}

/**
 * missed: it was due, and did not run to an end. failed: it ran, and did not end with 0. absent: no timer waits here.
 * unknown: it could not be looked.
 */
export type JobHealth = 'ok' | 'waiting' | 'running' | 'failed' | 'missed' | 'absent' | 'unknown';

/** A run that is due begins within seconds; a computer that was off catches up when it is on again. */
const GRACE: Duration = 120_000;

export function healthOf({ timer, last, due }: JobFacts, now: number): JobHealth {
  if (!timer) return 'unknown';
  if (!timer.installed || !timer.waiting) return timer.running ? 'running' : 'absent';
  if (timer.running) return 'running';
  if (due === undefined) return 'unknown';
  if (due + GRACE < now) return 'missed';
  if (!last) return 'waiting';
  return last.exit === 0 ? 'ok' : 'failed';
}
