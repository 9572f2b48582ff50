import { resolve } from 'node:path';
import { type AnyStep, makePlan } from '../engine/index.ts';
import { EXIT, type ExitStatus } from '../errors/index.ts';
import { rotationUnderWay } from '../secret/index.ts';
import { newRun, type OpenSite, openSite, siteDirs } from '../site/index.ts';
import { formatDuration, systemClock } from '../time/index.ts';
import { planText } from './plan-text.ts';
import type { Act, Call } from './verb.ts';
import { openView } from './view/index.ts';

/** What a verb does on an open site. */
export type SiteAct = (open: OpenSite, call: Call) => Promise<ExitStatus | undefined>;

/** Opens the site and the view, and closes both whatever happens; says in which step a failure came up. */
export const onSite =
  (act: SiteAct): Act =>
  async call => {
    const clock = systemClock;
    const { cache } = siteDirs(call.project, call.site);
    let open: OpenSite | undefined;
    call.mask = text => open?.masker.mask(text) ?? text;
    const view = await openView(call, { clock, cache, mask: call.mask });
    try {
      open = await openSite({
        ...{ project: call.project, name: call.site, signal: call.signal, emit: view.emit, clock },
        ...(call.flags.identity !== undefined && { identity: resolve(call.flags.identity) }),
      });
      if (call.verb !== 'rotate') await tellRotation(open, call);
      return await act(open, call);
    } catch (error) {
      const step = view.whereOf(error);
      if (step) call.where.step = step;
      throw error;
    } finally {
      view.end();
      await open?.close();
      for (const { host, pid, command } of open?.stillRunning() ?? []) {
        call.out.status(`still runs on ${host}${pid ? ` as pid ${pid}` : ''}: ${command}`);
      }
    }
  };

/** A rotation that was killed leaves a site between two values: whoever does anything else with it is to know. */
async function tellRotation({ ports, site }: OpenSite, { out }: Call): Promise<void> {
  const begun = await rotationUnderWay(ports.secrets).catch(() => undefined);
  if (!begun) return;
  const names = begun.credentials.join(', ');
  out.status(`a rotation of ${names} is not ended: ./muster rotate --site ${site.name} goes on with it`);
}

/** A verb's dry run: what its steps would do. */
export async function showPlan(
  open: OpenSite,
  steps: readonly AnyStep[],
  { verb, flags, out }: Call,
): Promise<ExitStatus> {
  const plan = await makePlan(steps, open.env(newRun(open, verb, {})));
  out.data(planText(plan, flags.json ?? false));
  return plan.unknown > 0 ? EXIT.unknown : EXIT.done;
}

/** The last line on stderr of a verb that ran. */
export function ranText({
  changed,
  unchanged,
  ms,
}: {
  changed: readonly string[];
  unchanged: number;
  ms: number;
}): string {
  const steps = (n: number) => `${n} step${n === 1 ? '' : 's'}`;
  if (changed.length === 0) return `nothing to do: ${steps(unchanged)} looked at in ${formatDuration(ms)}`;
  return `done in ${formatDuration(ms)}: ${steps(changed.length)} changed something, ${steps(unchanged)} had nothing to do`;
}
