import type WebSocket from 'ws';
import type { ExecResult } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { capture } from '../../shell/capture.ts';
import { type Duration, formatDuration } from '../../time/index.ts';
import type { Connection } from './connection.ts';
import { bytesOf, onFailure, type Pod, podSocket, refused } from './socket.ts';
import { isRecord, parsed, statusWords } from './words.ts';

export interface PodExec {
  pod: Pod & { container?: string };
  argv: readonly string[];
  stdin?: string;
  timeout?: Duration;
  /** Bytes of each stream, the newest; 1 MiB when absent. */
  keep?: number;
}

/** v5 can say that stdin ended; older servers cannot, so they are refused. */
const PROTOCOL = 'v5.channel.k8s.io';
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;
const KEEP = 1 << 20;
const STDIN_CHUNK = 64 * 1024;

/**
 * Runs argv in a pod, byte-exact and without a shell. Errors: SHELL_LOST when the stream ended without an exit status,
 * SHELL_TIMEOUT (the command may still run), CLUSTER_REFUSED, CLUSTER_UNREACHABLE before it began.
 */
export async function execInPod(connection: Connection, exec: PodExec, signal: AbortSignal): Promise<ExecResult> {
  const { stdin, timeout, keep = KEEP } = exec;
  const name = `${exec.pod.namespace}/${exec.pod.name} of ${connection.site}`;
  const socket = await podSocket(connection, exec.pod, 'exec', queryOf(exec), PROTOCOL, signal);
  const { promise, resolve, reject } = Promise.withResolvers<ExecResult>();
  // Listening begins before the handshake ends: the first frames may come in the same packet.
  collect(socket, name, keep, { resolve, reject });
  socket.on('open', () => sendStdin(socket, stdin));
  const timer = timeout === undefined ? undefined : setTimeout(() => reject(late(name, timeout)), timeout);
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    socket.terminate();
  }
}

function queryOf({ pod, argv, stdin }: PodExec): URLSearchParams {
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true', stdin: String(stdin !== undefined) });
  if (pod.container) query.set('container', pod.container);
  for (const word of argv) query.append('command', word);
  return query;
}

type Settle = Pick<ReturnType<typeof Promise.withResolvers<ExecResult>>, 'resolve' | 'reject'>;

/** Output by channel until the Status comes, which alone is an end. */
function collect(socket: WebSocket, name: string, keep: number, { resolve, reject }: Settle): void {
  const stdout = capture(keep);
  const stderr = capture(keep);
  socket.on('message', data => {
    const frame = bytesOf(data);
    const payload = frame.subarray(1);
    if (frame[0] === CHANNEL.stdout) stdout.add(payload);
    else if (frame[0] === CHANNEL.stderr) stderr.add(payload);
    else if (frame[0] === CHANNEL.status) {
      const code = exitCode(payload.toString('utf8'));
      if (code === undefined) reject(refused(`exec in ${name}`, statusWords(payload.toString('utf8'))));
      else resolve({ code, signal: null, stdout: stdout.output(), stderr: stderr.output() });
    }
  });
  onFailure(socket, `exec in ${name}`, { fail: reject, lost: why => reject(lost(name, why)) });
  socket.on('close', code => reject(lost(name, `the stream ended without an exit status (close code ${code})`)));
}

/** Of the Status object at the end: Success, or NonZeroExitCode with the code among its causes. undefined: neither. */
function exitCode(body: string): number | undefined {
  const status = parsed(body);
  if (status?.status === 'Success') return 0;
  const details = status?.details;
  const causes = isRecord(details) && Array.isArray(details.causes) ? details.causes : [];
  const cause = causes.filter(isRecord).find(entry => entry.reason === 'ExitCode');
  const code = Number.parseInt(String(cause?.message), 10);
  return status?.reason === 'NonZeroExitCode' && Number.isInteger(code) ? code : undefined;
}

function sendStdin(socket: WebSocket, stdin: string | undefined): void {
  if (stdin === undefined) return;
  const bytes = Buffer.from(stdin);
  for (let at = 0; at < bytes.length; at += STDIN_CHUNK)
    socket.send(Buffer.concat([Buffer.of(CHANNEL.stdin), bytes.subarray(at, at + STDIN_CHUNK)]));
  socket.send(Buffer.of(CHANNEL.close, CHANNEL.stdin));
}

const lost = (name: string, why: string) =>
  new OpsError('SHELL_LOST', `cannot tell how the command in ${name} ended: ${why}`);

const late = (name: string, timeout: Duration) =>
  new OpsError('SHELL_TIMEOUT', `cannot wait longer for the command in ${name}: ${formatDuration(timeout)} are over`);
