import { Duplex } from 'node:stream';
import type WebSocket from 'ws';
import { OpsError } from '../../errors/index.ts';
import type { Connection } from './connection.ts';
import { bytesOf, onFailure, type Pod, podSocket } from './socket.ts';

/** Of `kubectl port-forward` over a WebSocket; the first frame of each channel is the port's number. */
const PROTOCOL = 'v4.channel.k8s.io';
const CHANNEL = { data: 0, error: 1 } as const;

/**
 * Resolves once the API has taken the stream on. That nothing listens in the pod is told by the stream's first error.
 * Errors: CLUSTER_REFUSED, CLUSTER_UNREACHABLE; of the stream SHELL_LOST.
 */
export async function dialPod(connection: Connection, pod: Pod, port: number, signal: AbortSignal): Promise<Duplex> {
  const what = `reach port ${port} of ${pod.namespace}/${pod.name} of ${connection.site}`;
  const query = new URLSearchParams({ ports: `${port}` });
  const socket = await podSocket(connection, pod, 'portforward', query, PROTOCOL, signal);
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const stream = duplexOver(socket, what);
  onFailure(socket, what, { fail: reject, lost: why => stream.destroy(lost(what, why)) });
  socket.on('open', () => resolve(stream));
  const stop = () => {
    reject(signal.reason);
    stream.destroy(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  stream.on('close', () => signal.removeEventListener('abort', stop));
  return promise.catch(error => {
    stream.destroy();
    throw error;
  });
}

function duplexOver(socket: WebSocket, what: string): Duplex {
  const begun = new Set<number>();
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => socket.send(Buffer.concat([Buffer.of(CHANNEL.data), chunk]), done),
    final: done => {
      socket.close();
      done();
    },
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on('message', data => {
    const frame = bytesOf(data);
    const channel = frame[0] ?? -1;
    const payload = frame.subarray(begun.has(channel) ? 1 : 3);
    begun.add(channel);
    if (payload.length === 0) return;
    if (channel === CHANNEL.error) stream.destroy(lost(what, payload.toString('utf8')));
    else if (!stream.push(payload)) socket.pause();
  });
  socket.on('close', () => stream.push(null));
  return stream;
}

const lost = (what: string, why: string) => new OpsError('SHELL_LOST', `cannot ${what}: ${why}`);
