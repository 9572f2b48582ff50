import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OpsError } from '../errors/index.ts';

/** Who runs, since when: what the other run is told. */
export interface Holder {
  id: string;
  pid: number;
  bootId: string;
  /** Field 22 of /proc/<pid>/stat: with the pid and the boot, a process for good. */
  startTime: string;
  user: string;
  verb: string;
  since: string;
  /** Of a lock that other computers see: which computer. */
  host?: string;
}

export interface Held {
  holder: Holder;
  /** Before every effect: nobody else can have taken it meanwhile. Errors: LOCK_LOST; STORE_UNREACHABLE: nobody knows. */
  check(): Promise<void>;
  /** Removes the lock if it is still ours. */
  release(): Promise<void>;
}

/** One writer at a time. Errors: LOCK_HELD, naming the holder. */
export interface Lock {
  acquire(verb: string): Promise<Held>;
  /** Who holds it now; undefined when nobody living does. */
  holder(): Promise<Holder | undefined>;
}

const bootId = async () => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();

/** undefined: no such process, or one that ended and was not yet waited for. */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command may hold spaces and parentheses: fields count from the last one.
  const [state = 'X', ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return 'ZX'.includes(state) ? undefined : fields[18];
}

export const isAlive = async (holder: Holder): Promise<boolean> =>
  holder.bootId === (await bootId()) && holder.startTime === (await startTime(holder.pid));

const parse = (text: string | undefined): Holder | undefined => {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Holder);
  } catch {
    return undefined;
  }
};

/** A lock file of this computer: made whole under another name and linked, so that it is never seen half-written. */
export function fileLock(state: string, now: () => number): Lock {
  const path = join(state, 'lock');
  const read = () => readFile(path, 'utf8').catch(() => undefined);

  async function acquire(verb: string): Promise<Held> {
    await mkdir(state, { recursive: true, mode: 0o700 });
    const holder = await describeHolder(verb, now);
    const draft = `${path}.${holder.id}`;
    await writeFile(draft, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
    try {
      for (let attempt = 0; attempt < 50; attempt++) {
        if (await tryLink(draft, path)) return heldFile(path, read, holder);
        const text = await read();
        const other = parse(text);
        if (other && (await isAlive(other))) throw lockHeld(other);
        await removeStale(path, text);
      }
      throw new OpsError('LOCK_HELD', `cannot take the lock ${path}: others take it faster`);
    } finally {
      await rm(draft, { force: true });
    }
  }

  async function current(): Promise<Holder | undefined> {
    const other = parse(await read());
    return other && (await isAlive(other)) ? other : undefined;
  }

  return { acquire, holder: current };
}

export async function describeHolder(verb: string, now: () => number): Promise<Holder> {
  const start = await startTime(process.pid);
  return {
    id: randomUUID(),
    pid: process.pid,
    bootId: await bootId(),
    startTime: start ?? '',
    user: userInfo().username,
    verb,
    since: new Date(now()).toISOString(),
  };
}

const tryLink = (from: string, to: string) =>
  link(from, to).then(
    () => true,
    error => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );

/** Milliseconds. Who has the guard needs it for two calls: one that is older was left by a process that was killed. */
const GUARD_AGE = 10_000;

/**
 * Takes a dead holder's file away. Two who found it stale could each take away what the other made of it meanwhile, so
 * it is looked at again and removed under a guard that only one of them makes.
 */
async function removeStale(path: string, seen: string | undefined): Promise<void> {
  if (seen === undefined) return;
  const guard = `${path}.guard`;
  const ours = await writeFile(guard, '', { flag: 'wx', mode: 0o600 }).then(
    () => true,
    () => false,
  );
  if (!ours) {
    const made = await stat(guard).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > GUARD_AGE) await rm(guard, { force: true });
    return delay(20);
  }
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === seen) await unlink(path);
  } finally {
    await rm(guard, { force: true });
  }
}

async function release(path: string, read: () => Promise<string | undefined>, holder: Holder): Promise<void> {
  if (parse(await read())?.id === holder.id) await unlink(path);
}

/** Who lives keeps its file: nobody takes it away but over a process that is gone. */
const heldFile = (path: string, read: () => Promise<string | undefined>, holder: Holder): Held => ({
  holder,
  check: async () => {},
  release: () => release(path, read, holder),
});

export function lockHeld({ verb, since, pid, user, host }: Holder): OpsError {
  const who = `pid ${pid} (${user}${host === undefined ? '' : ` on ${host}`})`;
  return new OpsError('LOCK_HELD', `cannot start: '${verb}' runs since ${since} as ${who}`, {
    hint: host === undefined ? `wait for it, or stop it with: kill -INT ${pid}` : `wait for it, or stop it on ${host}`,
  });
}

/** The second is asked for when the first is held, and given back before it. */
export const bothLocks = (first: Lock, second: Lock): Lock => ({
  async acquire(verb) {
    const outer = await first.acquire(verb);
    try {
      const inner = await second.acquire(verb);
      return { ...inner, release: () => inner.release().finally(outer.release) };
    } catch (error) {
      await outer.release();
      throw error;
    }
  },
  holder: async () => (await first.holder()) ?? second.holder(),
});
