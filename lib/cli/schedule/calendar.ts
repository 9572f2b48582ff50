import type { Shell } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { jobsOf } from './units.ts';

/** As a shell says it of a program that is not there. */
const NO_PROGRAM = 127;

/** Errors: INVENTORY_INVALID for an expression that systemd refuses, or that names no moment to come. */
export async function checkCalendars({ backup, path }: Site, shell: Shell): Promise<void> {
  for (const { job, calendar } of jobsOf(backup?.schedule ?? {})) {
    const { code, stdout, stderr } = await analyze(calendar, shell);
    if (code === NO_PROGRAM) continue;
    const why = code !== 0 ? stderr.text.trim() : elapses(stdout.text) === undefined && 'it never comes again';
    if (!why) continue;
    throw new OpsError(
      'INVENTORY_INVALID',
      `cannot schedule the ${job}: ${path} says backup.schedule.${job}: ${calendar}`,
      {
        hint: "an expression like daily, 'Mon *-*-* 03:00'; systemd-analyze calendar EXPRESSION says what one means",
        details: [why],
      },
    );
  }
}

/** The first moment after `since` (UTC, milliseconds); undefined: there is none, or nobody who could tell. */
export async function dueAfter(calendar: string, since: number, shell: Shell): Promise<number | undefined> {
  const { code, stdout } = await analyze(calendar, shell, `--base-time=@${Math.floor(since / 1000)}`);
  return code === 0 ? elapses(stdout.text) : undefined;
}

/** Through sh, whose 127 says that the program is not there. Expressions are in this computer's time zone. */
const analyze = (calendar: string, shell: Shell, ...options: string[]) =>
  shell.exec({ script: 'systemd-analyze calendar "$@"', args: [...options, '--', calendar] }, { env: { LC_ALL: 'C' } });

/** Where the time zone is not UTC, a line of its own says it in UTC. */
const elapses = (said: string): number | undefined =>
  utc(/\(in UTC\): (.+)/.exec(said)?.[1] ?? /Next elapse: (.+)/.exec(said)?.[1] ?? '');

/** 'Sat 2026-11-21 16:07:40 UTC' as systemd writes it; else undefined. */
export function utc(text: string): number | undefined {
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? UTC/.exec(text) ?? [];
  return day && time ? Date.parse(`${day}T${time}Z`) : undefined;
}
