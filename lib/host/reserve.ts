import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../artifact/durable.ts';
import { type Ctx, fileLock, type Held } from '../engine/index.ts';
import { isOpsError } from '../errors/index.ts';
import { minutes, type Seen } from '../time/index.ts';
import { type Identity, identityPath, writeIdentity } from './identity.ts';
import type { Forwards } from './ports.ts';

/**
 * What makes a machine this one is chosen and written down by one run of this computer at a time: two that start in the
 * same second would find the same ports free. Whose they are lies in the cache, since every checkout has the same one; a
 * cache that was emptied forgets only the machines of other checkouts that are off.
 */
export async function reserve<I extends Identity>(
  ctx: Ctx,
  choose: (kept: ReadonlySet<number>) => Promise<I>,
): Promise<void> {
  const { state, cache } = ctx.run.dirs;
  const notes = join(cache, 'ports');
  const held = await taken(join(cache, 'locks', 'ports'), ctx);
  try {
    await mkdir(notes, { recursive: true, mode: 0o700 });
    const identity = await choose(await promised(notes));
    // The note first: what is left of a killed run names a machine that is not there, and is swept.
    const note = join(notes, identity.uuid);
    await writeDurably(note, identityPath(state, identity.name), `${note}.new`);
    await writeIdentity(state, identity);
  } finally {
    await held.release();
  }
}

const taken = (lockAt: string, { wait, clock }: Ctx): Promise<Held> => {
  const lock = fileLock(lockAt, clock.now);
  return wait<Held>({
    what: 'another run to choose its ports',
    deadline: minutes(2),
    every: 20,
    hint: 'run again',
    probe: () =>
      lock.acquire('choose ports').then(
        (value): Seen<Held> => ({ value }),
        error => {
          if (isOpsError(error, 'LOCK_HELD')) return { saw: error.message };
          throw error;
        },
      ),
  });
};

/** Ports of every machine that has a note and is still the one that it names. */
async function promised(notes: string): Promise<Set<number>> {
  const names = await readdir(notes);
  const found = await Promise.all(
    names.map(async name => {
      const path = await readFile(join(notes, name), 'utf8').catch(() => '');
      const machine = await readMachine(path);
      if (machine?.uuid === name) return Object.values<number>({ ...machine.forwards });
      await rm(join(notes, name), { force: true });
      return [];
    }),
  );
  return new Set(found.flat());
}

async function readMachine(path: string): Promise<{ uuid?: string; forwards?: Forwards } | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
