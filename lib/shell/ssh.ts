import type { ClientChannel } from 'ssh2';
import { OpsError } from '../errors/index.ts';
import type { Clock, Duration } from '../time/index.ts';
import { loginLine } from './command.ts';
import { endLink, type Link, type Links, type SshTarget } from './connection.ts';
import type { Child, Ending, Start, Transport } from './transport.ts';

/** How long a host may refuse to open a session while none of ours is open. */
const REFUSED_LIMIT: Duration = 10_000;

/** A host by ssh: one kept connection, made at the first command and again after a loss. */
export function sshTransport(
  host: string,
  links: Links,
  target: (host: string) => Promise<SshTarget>,
  clock: Clock,
): Transport {
  let current: Promise<Link> | undefined;
  let waiting = 0;
  let attempt = new AbortController();
  const link = async (): Promise<Link> => {
    const before = await current?.catch(() => undefined);
    if (before && before.broken() === undefined) return before;
    // Asked again: a machine that was made anew has another port and key.
    const { signal } = attempt;
    current = target(host).then(found => links.to(host, found, signal));
    return current;
  };
  // An attempt that nobody waits for any more is ended, so that the next one begins afresh: while a machine boots,
  // a connection that was begun too early may hang long after sshd is up. One that is logged in is not touched.
  const linked = async (signal: AbortSignal | undefined): Promise<Link> => {
    waiting++;
    try {
      return await within(signal, link());
    } finally {
      if (--waiting === 0) {
        attempt.abort(new Error('nobody waits for the connection any more'));
        attempt = new AbortController();
      }
    }
  };

  async function start({ text, sudo, signal, urgent }: Start): Promise<Child> {
    let refusedSince: number | undefined;
    for (let pause = 50, losses = 0; ; pause = Math.min(pause * 2, 1000)) {
      const connection = await linked(signal);
      const throughSudo = sudo && connection.user !== 'root';
      const line = loginLine(text, throughSudo);
      const leave = urgent ? () => {} : await connection.channels.enter(signal);
      const child = (channel: ClientChannel) => childOf(connection, channel, throughSudo, leave);
      const opened = await within(signal, open(connection, line, child)).catch(error => {
        leave();
        throw error;
      });
      if ('child' in opened) return opened.child;
      leave();
      if ('gone' in opened) {
        // An idle connection had died unseen; the session was not open yet, so nothing ran.
        if (++losses > 1) throw new OpsError('SHELL_UNREACHABLE', `cannot reach ${host}: ${opened.gone}`);
        continue;
      }
      connection.channels.narrow();
      if (connection.channels.inside() > 0) continue;
      refusedSince ??= clock.monotonic();
      if (clock.monotonic() - refusedSince > REFUSED_LIMIT) {
        throw new OpsError('SHELL_UNUSABLE', `cannot open a session on ${host}: it says ${opened.refused}`);
      }
      await clock.sleep(pause, signal);
    }
  }

  return {
    // What an rc file of the login shell changed is put right, so that all users get the same result.
    before: 'cd /; umask 022; PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
    start,
    async close() {
      const open = await current?.catch(() => undefined);
      if (open && open.broken() === undefined) await endLink(open);
    },
  };
}

type Opened = { child: Child } | { refused: string } | { gone: string };

/** `childOf` within the callback: status and end may lie in the same packet as the answer, and are not told twice. */
function open(link: Link, line: string, childOf: (channel: ClientChannel) => Child): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const done = (cause: (Error & { reason?: unknown }) | undefined, channel: ClientChannel) => {
      if (!cause) resolve({ child: childOf(channel) });
      else if (cause.reason !== undefined) resolve({ refused: cause.message });
      else if (cause.message === 'Unable to exec') reject(halfStarted(link, cause));
      else resolve({ gone: link.broken() ?? cause.message });
    };
    try {
      link.client.exec(line, done);
    } catch (cause) {
      resolve({ gone: link.broken() ?? String(cause) });
    }
  });
}

/** The request was sent, and no answer came: it may run. */
function halfStarted(link: Link, cause: Error): OpsError {
  const broken = link.broken();
  return broken === undefined
    ? new OpsError('SHELL_UNUSABLE', 'cannot run a command: the host opens a session, but executes nothing', { cause })
    : new OpsError('SHELL_LOST', `cannot tell whether a command was started: ${broken}`, { cause });
}

/** The streams are ssh2's own: node-ssh decodes every chunk by itself and breaks characters at their borders. */
function childOf(link: Link, channel: ClientChannel, sudo: boolean, leave: () => void): Child {
  let exit: number | string | undefined;
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = code ?? signal ?? 'an unknown signal';
  });
  for (const stream of [channel, channel.stderr]) stream.on('error', () => {});
  const closed = [channel, channel.stderr].map(stream => new Promise(resolve => stream.once('close', resolve)));
  const ended = Promise.all(closed).then((): Ending => {
    leave();
    const broken = link.broken();
    // Also with a status: bytes that were on their way are missing then.
    if (broken !== undefined) return { lost: `the connection broke: ${broken}` };
    if (exit === undefined) return { lost: 'the host closed the session without an exit status' };
    return typeof exit === 'number' ? { code: exit, signal: null } : { code: null, signal: exit };
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    sudo,
    ended,
    exited: () => exit,
    release() {
      leave();
      channel.destroy();
    },
  };
}

/** What is shared goes on; only this caller stops waiting. A session that opens after that is closed again. */
async function within<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  const over = new AbortController();
  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([work, cancelled]);
  } catch (error) {
    work.then(late => (late as Partial<{ child: Child }>).child?.release()).catch(() => {});
    throw error;
  } finally {
    over.abort();
  }
}
