import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { isOpsError, OpsError, oneLine } from '../errors/index.ts';
import type { Secret } from '../secret/index.ts';
import { type Clock, type Duration, formatDuration, retry } from '../time/index.ts';
import { createGate, type Gate } from './gate.ts';
import { type HostKey, hostKeyChanged, hostKeyOrder, parseHostKey } from './host-key.ts';
import { type Door, firstToSpeak, silence, tcp } from './knock.ts';

/** Where a host is, and what it must show. */
export interface SshTarget extends Door {
  user: string;
  /** Private key, OpenSSH or PEM. */
  identity: Secret;
  /** OpenSSH public key line. Nothing turns the check off. */
  hostKey: string;
  /** Jump host; its key is checked too. */
  via?: SshTarget;
}

export interface Patience {
  /** For TCP, key exchange and login together. */
  connect: Duration;
  /** For the server's first word. */
  greeting: Duration;
  /** A silent connection is given up after `every` x (`misses` + 1). */
  keepalive: { every: Duration; misses: number };
}

/** A connection that is logged in. */
export interface Link {
  client: Client;
  sock: Duplex;
  user: string;
  /** Why it broke; undefined while it lives. */
  broken(): string | undefined;
  channels: Gate;
}

export interface Links {
  /** A kept connection, or a new one. Errors: SHELL_UNREACHABLE, HOST_KEY_CHANGED, SSH_AUTH_REFUSED. */
  to(host: string, target: SshTarget, signal?: AbortSignal): Promise<Link>;
  close(): Promise<void>;
}

export interface LinkContext {
  clock: Clock;
  /** Ends whatever is being connected. */
  signal: AbortSignal;
  random(): number;
  patience: Patience;
}

/** sshd's MaxStartups begins to drop at 10; 6 at once connect 500 as quickly as 500 at once would. */
const UNAUTHENTICATED = 6;
/** sshd's MaxSessions is 10 and frees its slots late; with 4 none is refused. */
const CHANNELS = 4;
const TRIES = 3;

export function createLinks({ clock, signal: all, random, patience }: LinkContext): Links {
  const kept = new Map<string, Promise<Link>>();
  const gates = new Map<string, Gate>();
  const gateOf = (address: string) => {
    const gate = gates.get(address) ?? createGate(UNAUTHENTICATED);
    gates.set(address, gate);
    return gate;
  };

  async function open(host: string, target: SshTarget, signal: AbortSignal): Promise<Link> {
    const jump = target.via && (await links.to(`the jump host of ${host}`, target.via));
    const leave = await gateOf(target.address).enter(signal);
    try {
      return await login(host, target, patience, signal, jump);
    } finally {
      leave();
    }
  }

  const links: Links = {
    to(host, target, wanted) {
      const signal = wanted ? AbortSignal.any([all, wanted]) : all;
      const key = keyOf(target);
      const present = kept.get(key);
      if (present) return present;
      const opening = retry(
        {
          what: `connect to ${host}`,
          attempts: TRIES,
          total: patience.connect * TRIES,
          // Nothing ran yet. What a server drops because it is busy comes as a reset before the login.
          on: error => error instanceof Dropped,
        },
        () => open(host, target, signal),
        { clock, signal, random },
      ).catch(error => {
        kept.delete(key);
        const last = isOpsError(error, 'RETRY_EXHAUSTED') ? error.cause : error;
        throw last instanceof Dropped ? unreachable(host, target, last.message, last.cause) : last;
      });
      kept.set(key, opening);
      opening.then(
        link => link.client.once('close', () => kept.get(key) === opening && kept.delete(key)),
        () => {},
      );
      return opening;
    },
    async close() {
      const open = await Promise.allSettled(kept.values());
      await Promise.all(open.map(result => (result.status === 'fulfilled' ? endLink(result.value) : undefined)));
    },
  };
  return links;
}

/** The far side hung up before the login: nothing ran, and another try may do. */
class Dropped extends Error {}

const keyOf = (target: SshTarget): string =>
  JSON.stringify([target.user, target.address, target.port, target.hostKey, target.via ? keyOf(target.via) : '']);

/** What is knocked at was knocked at often enough: its failure is no drop to be tried again. */
const knockedAt = (host: string, target: SshTarget, { greeting }: Patience, signal: AbortSignal): Promise<Socket> =>
  firstToSpeak(target, greeting, signal).catch(cause => {
    signal.throwIfAborted();
    throw unreachable(host, target, oneLine(cause), cause);
  });

const forward = (jump: Link, host: string, target: SshTarget): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    jump.client.forwardOut('127.0.0.1', 0, target.address, target.port, (cause, channel) => {
      if (!cause) return resolve(channel);
      reject(unreachable(host, target, `the jump host says: ${jump.broken() ?? cause.message}`, cause));
    });
  });

async function login(
  host: string,
  target: SshTarget,
  patience: Patience,
  signal: AbortSignal,
  jump: Link | undefined,
): Promise<Link> {
  const known = parseHostKey(target.hostKey, host);
  // Before there is a socket: nobody would listen to its errors meanwhile.
  const { NodeSSH } = await import('node-ssh');
  const open = () => (target.knock === undefined ? tcp(target) : knockedAt(host, target, patience, signal));
  const sock = jump ? await forward(jump, host, target) : await open();
  let shown: Buffer | undefined;
  let broken: string | undefined;
  const cancel = () => sock.destroy();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    const ssh = new NodeSSH();
    const ready = ssh.connect({
      sock,
      username: target.user,
      privateKey: target.identity.reveal(),
      // Not "none" first, which costs a round trip; no agent, no password.
      authHandler: ['publickey'],
      readyTimeout: patience.connect,
      keepaliveInterval: patience.keepalive.every,
      keepaliveCountMax: patience.keepalive.misses,
      algorithms: { serverHostKey: hostKeyOrder(known.type) as never },
      hostVerifier: (blob: Buffer) => {
        shown = blob;
        return blob.equals(known.blob);
      },
    });
    const mute = () => sock.destroy(new Error(silence(patience.greeting)));
    const silent = setTimeout(mute, patience.greeting).unref();
    sock.once('data', () => clearTimeout(silent));
    sock.once('close', () => clearTimeout(silent));
    const client = ssh.connection;
    // node-ssh stops listening once it is logged in, and an error without a listener ends the process.
    client?.on('error', cause => {
      broken ??= cause.message;
    });
    client?.on('close', () => {
      broken = jump?.broken() ? `the jump host was lost: ${jump.broken()}` : (broken ?? 'the host closed it');
    });
    await ready;
    if (!client) throw new Dropped('the host closed it');
    return { client, sock, user: target.user, broken: () => broken, channels: createGate(CHANNELS) };
  } catch (cause) {
    sock.destroy();
    signal.throwIfAborted();
    throw loginError(host, target, known, shown, cause, patience);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function loginError(
  host: string,
  target: SshTarget,
  known: HostKey,
  shown: Buffer | undefined,
  cause: unknown,
  patience: Patience,
): Error {
  if (shown && !shown.equals(known.blob)) return hostKeyChanged(host, placeOf(target), known, shown);
  const { level, code, message } = cause as { level?: string; code?: string; message: string };
  if (level === 'client-authentication' || message.startsWith('Cannot parse privateKey')) {
    const why = level ? 'it refuses this user or key' : 'the private key cannot be read';
    return new OpsError('SSH_AUTH_REFUSED', `cannot log in to ${host} as ${placeOf(target)}: ${why}`, { cause });
  }
  if (level === 'client-timeout') {
    return unreachable(host, target, `no answer in ${formatDuration(patience.connect)}`, cause);
  }
  const reset = code === 'ECONNRESET' || code === 'EPIPE' || level === 'protocol' || level === undefined;
  return reset ? new Dropped(oneLine(cause), { cause }) : unreachable(host, target, oneLine(cause), cause);
}

const placeOf = ({ user, address, port }: SshTarget): string => `${user}@${address}:${port}`;

const unreachable = (host: string, target: SshTarget, why: string, cause?: unknown) =>
  new OpsError('SHELL_UNREACHABLE', `cannot reach ${host} (${placeOf(target)}): ${why}`, { cause });

/** Says good-bye. That it went out is enough: an emulated far side takes a tenth of a second to hang up. */
export function endLink({ client, sock }: Link): Promise<void> {
  return new Promise(resolve => {
    const force = setTimeout(() => client.destroy(), 1000);
    const over = () => {
      clearTimeout(force);
      resolve();
    };
    client.once('close', over);
    if (sock instanceof Socket) {
      sock.once('finish', over);
      sock.unref();
    }
    client.end();
  });
}
