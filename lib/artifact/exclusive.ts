import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileLock, type Held, type Lock } from '../engine/index.ts';
import { isOpsError, oneLine } from '../errors/index.ts';
import { type Clock, minutes, type Seen, wait } from '../time/index.ts';
import { removeTree } from './remove-tree.ts';
import type { ToolDeps } from './tool.ts';

export interface ExclusiveDeps extends ToolDeps {
  cache: string;
  clock: Clock;
}

/**
 * One maker of `name` at a time in this cache; the others wait, and say for whom. `act` gets an empty folder in the
 * cache's file system: what a killed run left in it is removed first, what this one leaves after.
 */
export async function exclusive<T>(name: string, deps: ExclusiveDeps, act: (work: string) => Promise<T>): Promise<T> {
  const lock = fileLock(join(deps.cache, 'locks', name), deps.clock.now);
  let told = '';
  const onSaw = (_what: string, saw: string) => {
    if (saw !== told) deps.progress(`${name}: ${saw}`);
    told = saw;
  };
  const held = await wait<Held>(
    {
      what: `another run to finish making ${name}`,
      deadline: minutes(60),
      every: 250,
      hint: 'stop the other run, then run again',
      probe: () => take(lock, name),
    },
    { ...deps, onSaw },
  );
  const mine = join(deps.cache, 'work', name);
  // Another path each time: what a killed run started may go on for a while, and must not write into ours.
  const work = join(mine, randomUUID());
  try {
    await removeTree(mine, deps);
    await mkdir(work, { recursive: true, mode: 0o700 });
    return await act(work);
  } finally {
    await removeTree(mine, deps).catch(error => deps.progress(oneLine(error)));
    await held.release();
  }
}

async function take(lock: Lock, name: string): Promise<Seen<Held>> {
  try {
    return { value: await lock.acquire(`make ${name}`) };
  } catch (error) {
    if (!isOpsError(error, 'LOCK_HELD')) throw error;
    const holder = await lock.holder();
    if (!holder) return { saw: 'free again' };
    if (holder.pid === process.pid) return { saw: 'waiting for another step, which makes it' };
    return { saw: `waiting for pid ${holder.pid}, which makes it since ${holder.since}` };
  }
}
