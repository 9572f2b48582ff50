import type { IncomingMessage } from 'node:http';
import WebSocket, { type RawData } from 'ws';
import { OpsError, oneLine } from '../../errors/index.ts';
import type { Duration } from '../../time/index.ts';
import type { Connection } from './connection.ts';
import { statusWords } from './words.ts';

/** A server that starts everything at once under emulation was seen to need more than half a minute. */
const HANDSHAKE_TIMEOUT: Duration = 120_000;

export interface Pod {
  namespace: string;
  name: string;
}

/** The stream of a pod's subresource, asked for and not yet open. */
export async function podSocket(
  connection: Connection,
  pod: Pod,
  subresource: string,
  query: URLSearchParams,
  protocol: string,
  signal: AbortSignal,
): Promise<WebSocket> {
  const headers = await connection.headers();
  signal.throwIfAborted();
  const { server, agent } = connection;
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/${subresource}`;
  const url = new URL(`${server.pathname.replace(/\/$/, '')}${path}?${query}`, server);
  return new WebSocket(url, [protocol], { agent, headers, handshakeTimeout: HANDSHAKE_TIMEOUT });
}

/** `fail` has the API's own words, or says that it gave no answer. Of a stream that is open, `lost` is told. */
export function onFailure(
  socket: WebSocket,
  what: string,
  { fail, lost }: { fail(error: unknown): void; lost(why: string): void },
): void {
  let open = false;
  socket.on('open', () => {
    open = true;
  });
  socket.on('unexpected-response', (_request, response) => {
    readAll(response).then(body => fail(refused(what, `${response.statusCode} ${statusWords(body)}`)), fail);
  });
  socket.on('error', error => (open ? lost(oneLine(error)) : fail(unreachable(what, error))));
}

/** `what`: "exec in default/web-0 of lab". */
export const refused = (what: string, words: string): OpsError =>
  new OpsError('CLUSTER_REFUSED', `cannot ${what}: ${words}`);

const unreachable = (what: string, cause: unknown) =>
  new OpsError('CLUSTER_UNREACHABLE', `cannot ${what}: ${oneLine(cause)}`, { cause });

export const bytesOf = (data: RawData): Buffer =>
  Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
