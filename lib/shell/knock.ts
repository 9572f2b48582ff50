import { connect, type Socket } from 'node:net';
import { type Duration, formatDuration } from '../time/index.ts';

/** Where a connection goes. */
export interface Door {
  address: string;
  port: number;
  /** Another one is begun so often beside those that stay silent. */
  knock?: Duration;
}

export const silence = (greeting: Duration): string => `it said nothing for ${formatDuration(greeting)}`;

/** Nagle's algorithm would cost 40 ms in every exchange: ssh2 leaves it on when it makes the socket itself. */
export const tcp = ({ address, port }: Door): Socket => connect({ host: address, port, noDelay: true });

/**
 * The first of the connections that hears a word; the others are ended. QEMU takes each for a machine that is not there yet,
 * and knocks at the machine ever more rarely: one begun too early may stay silent for long after sshd is up.
 * Errors: what ended the first of them, or that nothing was said for `greeting`.
 */
export async function firstToSpeak(door: Door, greeting: Duration, signal: AbortSignal): Promise<Socket> {
  const begun: Socket[] = [];
  let timers: NodeJS.Timeout[] = [];
  const heard = Promise.withResolvers<Socket>();
  const begin = () => {
    const socket = tcp(door);
    begun.push(socket);
    socket.once('readable', () => heard.resolve(socket));
    socket.on('error', heard.reject);
    socket.once('close', () => heard.reject(new Error('the host closed it')));
  };
  const cancel = () => heard.reject(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    begin();
    timers = [setInterval(begin, door.knock), setTimeout(() => heard.reject(new Error(silence(greeting))), greeting)];
    const first = await heard.promise;
    for (const other of begun) if (other !== first) other.destroy();
    return first;
  } catch (error) {
    for (const socket of begun) socket.destroy();
    throw error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}
