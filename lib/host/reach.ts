import { readFile } from 'node:fs/promises';
import type { Ctx, Probe } from '../engine/index.ts';
import { isOpsError, OpsError, oneLine } from '../errors/index.ts';
import { type Duration, formatDuration, seconds } from '../time/index.ts';
import type { Again, Machinery } from './machinery.ts';

export interface Reached {
  /** Why it cannot be reached; absent: it can. */
  saw?: string;
}

const bootId: Probe<string> = {
  id: 'boot-id',
  script: 'read -r id </proc/sys/kernel/random/boot_id; echo "$id"',
  parse: stdout => stdout.trim(),
};

/** Asks for a fact over SSH. A host key that is not the planted one is no matter of waiting. */
export async function reach(host: string, ctx: Ctx): Promise<Reached> {
  try {
    await ctx.facts(host, bootId);
    return {};
  } catch (error) {
    if (isOpsError(error, 'SHELL_UNREACHABLE') || isOpsError(error, 'SHELL_LOST') || isOpsError(error, 'HOST_ABSENT'))
      return { saw: oneLine(error) };
    throw error;
  }
}

/** What boots listens to nobody, and its silence is told from an answer at once: waiting for it is no observation. */
const SOON: Duration = seconds(1);

/** Of a machine that this run started and that has not answered yet. */
export const reachSoon = (host: string, ctx: Ctx): Promise<Reached> =>
  Promise.race([reach(host, ctx), ctx.clock.sleep(SOON, ctx.signal).then(() => ({ saw: 'it boots' }))]);

/** A machine that boots reads its disk, however slow its computer is: one that has not for so long hangs. */
const STILL: Duration = seconds(60);

/**
 * Until it answers over SSH. Emulated, one start in many hangs: the kernel changes its code while both processors run it, and
 * QEMU 7.2 goes on with the breakpoint of meanwhile, which it has translated. Whoever started such a machine starts it again.
 * Errors: MACHINE_DIED with the console's last lines; WAIT_TIMEOUT.
 */
export async function waitForSsh(host: string, machinery: Machinery, ctx: Ctx): Promise<void> {
  const again = machinery.again?.(host);
  if (!again) return answers(host, machinery, seconds(60), ctx);
  try {
    await answers(host, machinery, seconds(30), ctx, stillness(again, ctx));
  } catch (error) {
    if (!isOpsError(error, 'WAIT_TIMEOUT')) throw error;
    ctx.progress(`${host} hangs, it seems, and is started once more: ${oneLine(error)}`);
    await again.start(ctx);
    await answers(host, machinery, seconds(60), ctx);
  }
  again.answered();
}

/** For how long nothing was seen done. What could not be seen is no sign of a hang. */
function stillness(again: Again, ctx: Ctx): () => Promise<Duration> {
  const { clock } = ctx;
  let last: number | undefined;
  let since = clock.monotonic();
  return async () => {
    const done = await again.done(ctx).catch(() => undefined);
    if (done === undefined || done !== last) since = clock.monotonic();
    last = done;
    return clock.monotonic() - since;
  };
}

async function answers(
  host: string,
  machinery: Machinery,
  deadline: Duration,
  ctx: Ctx,
  still: () => Promise<Duration> = async () => 0,
): Promise<void> {
  const log = machinery.console(host, ctx);
  const power = await machinery.power(host, ctx);
  await ctx.wait({
    what: `SSH of ${host}`,
    deadline,
    every: 500,
    hint: `look at ${log}`,
    probe: async () => {
      if (power.is === 'off' || !(await machinery.runs(power.pid))) throw await died(host, log);
      const { saw } = await reach(host, ctx);
      if (saw === undefined) return { value: true };
      if ((await still()) < STILL) return { saw };
      throw new OpsError(
        'WAIT_TIMEOUT',
        `cannot see SSH of ${host}: its disks have done nothing for ${formatDuration(STILL)}`,
      );
    },
  });
}

const died = async (host: string, log: string) =>
  new OpsError('MACHINE_DIED', `cannot reach ${host}: its machine is off; the end of its console follows`, {
    details: await tail(log),
  });

/** The last lines of a file, without empty ones; none when there is no file. */
export async function tail(path: string, lines = 15): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split(/\r?\n/)
    .filter(line => line.trim() !== '')
    .slice(-lines);
}

/** Until the process of a machine that was told to end is gone. */
export const waitUntilGone = (host: string, pid: number, machinery: Machinery, deadline: Duration, ctx: Ctx) =>
  ctx.wait({
    what: `${host} off`,
    deadline,
    every: 200,
    hint: `kill ${pid}, as a loss of power would`,
    probe: async () => ((await machinery.runs(pid)) ? { saw: `process ${pid} runs` } : { value: true }),
  });
