import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { EXIT, type ExitStatus, OpsError, oneLine } from '../../errors/index.ts';
import { exists } from '../../host/exists.ts';
import type { Site } from '../../inventory/index.ts';
import { type OpenSite, runVerb } from '../../site/index.ts';
import { onSite, ranText, showPlan } from '../on-site.ts';
import { json, table } from '../output.ts';
import { checkCalendars } from '../schedule/calendar.ts';
import { cronLines } from '../schedule/cron.ts';
import { isLate, type JobStatus, scheduleStatus } from '../schedule/status.ts';
import { scheduleSteps } from '../schedule/steps.ts';
import type { Calendars, Operator } from '../schedule/units.ts';
import type { Act, Call } from '../verb.ts';

/** Timers of this computer for backups and drills: put here, removed, or looked at. */
export const schedule: Act = async call => {
  const [word, ...more] = call.args;
  if (more.length > 0 || ![undefined, 'status', 'remove'].includes(word))
    throw new OpsError('USAGE', `cannot use '${call.args.join(' ')}': schedule takes the word status, or remove`, {
      hint: './muster schedule --help',
    });
  return onSite(word === 'status' ? look : (open, it) => change(open, it, word !== 'remove'))(call);
};

async function change(open: OpenSite, call: Call, wanted: boolean): Promise<ExitStatus | undefined> {
  const { flags, out, site } = call;
  const by = operatorOf(call);
  if (wanted) {
    scheduleOf(open.site);
    refuseSessionSecrets(open.site);
  }
  await requireSystemd(open.site, by);
  if (!flags['dry-run']) await requireRoot(open, by);
  if (wanted) await checkCalendars(open.site, await open.ports.shell('localhost'));
  const steps = scheduleSteps(open.site, wanted ? by : undefined);
  if (flags['dry-run']) return showPlan(open, steps, call);
  const ran = await runVerb(open, 'schedule', steps, { retain: true, here: true });
  out.status(ranText(ran));
  if (flags.json) return out.data(json(ran));
  return out.data(`next  ./muster ${wanted ? 'schedule status' : 'schedule'} --site ${site}`);
}

async function look(open: OpenSite, { flags, out, site }: Call): Promise<ExitStatus | undefined> {
  const jobs = await scheduleStatus({
    site,
    schedule: scheduleOf(open.site),
    state: open.dirs.state,
    shell: await open.ports.shell('localhost'),
    now: open.ports.clock.now(),
  });
  const bad = jobs.find(job => isLate(job) || job.health === 'absent');
  if (flags.json) out.data(json(jobs));
  else out.data(table([...jobs.map(({ job, says }) => [job, says]), ['next', next(bad, site)]]));
  if (bad) return EXIT.failed;
  return jobs.some(({ health }) => health === 'unknown') ? EXIT.unknown : EXIT.done;
}

function next(bad: JobStatus | undefined, site: string): string {
  if (!bad) return `./muster backups --site ${site}`;
  return bad.health === 'absent' ? `./muster schedule --site ${site}` : `journalctl -u ${bad.unit} -e`;
}

/** Errors: USAGE. */
function scheduleOf({ name, path, backup }: Site): Calendars {
  if (backup?.schedule) return backup.schedule;
  throw new OpsError('USAGE', `cannot schedule anything of ${name}: ${path} has no backup.schedule`, {
    hint: 'write one: { backup: daily, drill: weekly }; ./muster schema describes it',
  });
}

/** Errors: INVENTORY_INVALID: every run by a timer would fail, at night, for want of what only a person's session has. */
export function refuseSessionSecrets({ path, backup }: Pick<Site, 'path' | 'backup'>): void {
  const store = backup?.store;
  if (store?.kind !== 's3') return;
  const { reader, admin, replica } = store;
  const pairs = {
    ...{ '': store, 'reader.': reader, 'admin.': admin },
    ...{ 'replica.keys.': replica?.keys, 'replica.reader.': replica?.reader, 'replica.admin.': replica?.admin },
  };
  for (const [name, pair] of Object.entries(pairs))
    for (const key of ['accessKey', 'secretKey'] as const) {
      if (pair === undefined || pair === 'aws' || pair[key].startsWith('file:')) continue;
      throw new OpsError(
        'INVENTORY_INVALID',
        `cannot schedule anything: ${path} says backup.store.${name}${key}: ${pair[key]}`,
        {
          hint: 'file:PATH, with rights for you alone',
          details: ['a timer has neither the environment of your login nor an unlocked vault'],
        },
      );
    }
}

const operatorOf = ({ env, project }: Call): Operator => {
  const { username, homedir } = userInfo();
  return { user: username, home: env.HOME ?? homedir, path: env.PATH ?? '/usr/bin:/bin', project };
};

/** Timers are the system's, so that they run when nobody is logged in; what they start runs as the operator. Errors: COMPUTER_UNFIT. */
async function requireRoot({ site: { name, backup }, ports }: OpenSite, by: Operator): Promise<void> {
  const shell = await ports.shell('localhost');
  try {
    await shell.run(['true'], { sudo: true });
  } catch (cause) {
    throw new OpsError('COMPUTER_UNFIT', `cannot set timers: ${by.user} may not become root here: ${oneLine(cause)}`, {
      cause,
      hint: 'sudo -v, then the same again; or crontab -e, with the lines above: it repeats no run that was missed',
      details: backup?.schedule ? cronLines(name, backup.schedule, by) : [],
    });
  }
}

/** Errors: COMPUTER_UNFIT, with what to write into a crontab instead. */
async function requireSystemd({ name, backup }: Site, by: Operator): Promise<void> {
  // As sd_booted(3) tells it.
  if (await exists('/run/systemd/system')) return;
  const first = (await readFile('/proc/1/comm', 'utf8').catch(() => 'unknown')).trim();
  throw new OpsError('COMPUTER_UNFIT', `cannot set timers: process 1 of this computer is ${first}, not systemd`, {
    hint: 'crontab -e, with the lines above; it repeats no run that was missed while the computer was off',
    details: backup?.schedule ? cronLines(name, backup.schedule, by) : [],
  });
}
