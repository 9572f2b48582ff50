import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Site } from '../../../lib/inventory/index.ts';
import type { OpenSite } from '../../../lib/site/open.ts';
import { stateDir, type World } from './world.ts';

export interface Killed {
  site: Site;
  open(signal: AbortSignal): Promise<OpenSite>;
  act(opened: OpenSite): Promise<unknown>;
  /** The change was done, and its answer came; else it was not even sent. */
  after: boolean;
}

/** Looks and waits only. */
const READS = /^(look|list|find|see|ask)/;

/**
 * A run that stops at its first change as a killed process does. The world goes on in a copy of the project, which nobody of
 * the old run writes to. False: it came to its end without a change.
 */
export async function killedAtFirst(
  world: Pick<World, 'project'>,
  { site, open, act, after }: Killed,
): Promise<boolean> {
  const stop = new AbortController();
  const opened = await open(stop.signal);
  let seen = false;
  const hang = () => new Promise<never>(() => undefined);
  const at = new Promise<void>(resolve => {
    const { aws } = opened;
    if (!aws) throw new Error('no account');
    const call = aws.call.bind(aws);
    Object.assign(aws, {
      call: async (...args: Parameters<typeof call>) => {
        if (seen || READS.test(args[1])) return call(...args);
        seen = true;
        if (after) await call(...args);
        resolve();
        return hang();
      },
    });
  });
  const ended = act(opened);
  const killed = await Promise.race([at.then(() => true), ended.then(() => false)]);
  // What a killed process leaves: its journal without an end, and the lock of a process that is no more.
  const project = await mkdtemp(join(tmpdir(), 'muster-killed-'));
  await cp(world.project, project, { recursive: true });
  await rm(join(stateDir({ project }, site), 'lock'), { recursive: true, force: true });
  stop.abort(new Error('killed'));
  await ended.catch(() => undefined);
  await opened.close();
  await rm(world.project, { recursive: true, force: true, maxRetries: 5 });
  world.project = project;
  return killed;
}
