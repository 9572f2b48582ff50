import { readFile } from 'node:fs/promises';
import type { AnyStep, Change, Ctx, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { decideUnits, type UnitFacts, type UnitWant } from './decide.ts';
import { type Operator, quoted, SCHEDULED, type Scheduled, unitFiles, unitName, unitPath } from './units.ts';

const HOST = 'localhost';
const ROOT = { sudo: true } as const;

/** A step a job: its two files, and a timer that waits. Both are to be gone without `by`, and of a job that has no calendar. */
export const scheduleSteps = (site: Pick<Site, 'name' | 'backup'>, by: Operator | undefined): AnyStep[] =>
  SCHEDULED.map(job => jobStep(site, job, site.backup?.schedule?.[job] === undefined ? undefined : by));

/**
 * For a teardown: the timers of this checkout go before anything else does, or one of them begins a backup of what is
 * half gone. None where there are none.
 */
export async function timersOf(site: Pick<Site, 'name' | 'backup'>, project: string): Promise<Timers> {
  const names = SCHEDULED.flatMap(job => ['service', 'timer'].map(kind => `${unitName(site.name, job)}.${kind}`));
  const texts = await Promise.all(names.map(name => read(unitPath(name))));
  const services = texts.filter(text => text?.includes('ExecStart='));
  if (texts.every(text => text === undefined)) return { steps: [] };
  const other = services.find(text => !text?.includes(`ExecStart=${quoted(`${project}/muster`)} `));
  const [, owner] = /^ExecStart="(.*?)\/muster" /m.exec(other ?? '') ?? [];
  if (owner !== undefined) return { steps: [], owner };
  return { steps: scheduleSteps(site, undefined) };
}

interface Timers {
  steps: AnyStep[];
  /** Another checkout, whose timers they are: they stay. */
  owner?: string;
}

function jobStep(
  site: Pick<Site, 'name' | 'backup'>,
  job: Scheduled,
  by: Operator | undefined,
): Step<UnitWant, UnitFacts> {
  const unit = unitName(site.name, job);
  const files = by && unitFiles(site, job, by);
  return {
    id: `schedule.${job}`,
    title: by ? `Run the ${job} of ${site.name} by a timer` : `Remove the timer of the ${job} of ${site.name}`,
    target: { site: site.name, kind: 'host', name: HOST },
    ...(files && { want: { files } }),
    // Two at once would reload systemd under each other.
    needs: job === 'drill' ? [{ step: 'schedule.backup', scope: 'all' }] : [],
    deadline: minutes(1),
    observe: ctx => observe(unit, ctx),
    decide: decideUnits,
    apply: (change, ctx) => ctx.effect(change, () => act(change, unit, files ?? {}, ctx)),
  };
}

async function observe(unit: string, ctx: Ctx): Promise<UnitFacts> {
  const timer = `${unit}.timer`;
  const paths = [`${unit}.service`, timer].map(unitPath);
  const shell = await ctx.shell(HOST);
  const asked = ['-p', 'Id,UnitFileState,ActiveState,NeedDaemonReload'];
  const [shown, ...texts] = await Promise.all([
    shell.run(['systemctl', 'show', timer, `${unit}.service`, ...asked]),
    ...paths.map(read),
  ]);
  const [first = ''] = shown.split('\n\n');
  return {
    timer,
    files: Object.fromEntries(paths.map((path, n) => [path, texts[n]])),
    enabled: /^UnitFileState=enabled$/m.test(first),
    active: /^ActiveState=active$/m.test(first),
    stale: /^NeedDaemonReload=yes$/m.test(shown),
  };
}

const read = (path: string) =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/** Counted from now on: without its stamp nothing was missed, or a run would begin while this one holds the lock. */
const START = `set -e
systemctl daemon-reload
systemctl enable -q "$1"
systemctl stop "$1"
systemctl clean --what=state "$1"
systemctl start "$1"`;

const STOP = `set -e
systemctl disable -q --now "$1"
systemctl clean --what=state "$1" || true`;

const REMOVE = `set -e
rm -f -- "$1"
systemctl daemon-reload
systemctl reset-failed -- "\${1##*/}" 2>/dev/null || true`;

async function act({ action, what }: Change, unit: string, files: UnitWant['files'], ctx: Ctx): Promise<void> {
  const shell = await ctx.shell(HOST);
  const run = async (script: string, arg: string) => void (await shell.run({ script, args: [arg] }, ROOT));
  if (what.startsWith('timer ')) return run(action === 'delete' ? STOP : START, `${unit}.timer`);
  const path = what.replace(/^file /, '');
  const content = files[path];
  if (content === undefined) return run(REMOVE, path);
  return shell.upload({ content }, path, { mode: 0o644, ...ROOT });
}
