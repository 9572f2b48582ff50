import { quote } from '../../shell/command.ts';
import { type Calendars, commandOf, jobsOf, type Operator } from './units.ts';

const WORDS: Readonly<Record<string, string>> = {
  hourly: '0 * * * *',
  daily: '0 0 * * *',
  weekly: '0 0 * * 1',
  monthly: '0 0 1 * *',
};

/** The calendar expressions that people write most; undefined: it is not one of them. */
export function cronFields(calendar: string): string | undefined {
  const [, day = '*', hour, minute] = /^(?:([A-Z][a-z]{2}) )?(?:\*-\*-\* )?(\d\d):(\d\d)(?::00)?$/.exec(calendar) ?? [];
  return WORDS[calendar] ?? (hour && minute && `${Number(minute)} ${Number(hour)} * * ${day}`);
}

/** What to put into a crontab where systemd does not run. cron reads % as the end of the command. */
export const cronLines = (site: string, calendars: Calendars, { path, project }: Operator): string[] =>
  jobsOf(calendars).map(({ job, calendar }) => {
    const when = cronFields(calendar) ?? `MINUTE HOUR * * * (${calendar})`;
    const command = [`${project}/muster`, ...commandOf(job, site)].map(quote).join(' ');
    return `${when} PATH=${quote(path)} ${command}`.replaceAll('%', '\\%');
  });
