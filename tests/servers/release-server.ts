import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong at the next answers for a path; each is used up once. */
export type Fault =
  /** The connection is cut after so many bytes of the body. */
  | { cut: number }
  /** So many bytes, then silence. */
  | { stall: number }
  | { status: number }
  /** To another path of this server. */
  | { redirect: string }
  /** The answer to a range request: another range than was asked for. */
  | { wrongRange: true }
  /** Ends early, and says that this was all. */
  | { truncate: number };

export interface Request {
  path: string;
  range?: string;
  ifRange?: string;
}

export interface ReleaseServer {
  /** 'http://127.0.0.1:<port>'. */
  url: string;
  /** By decoded path. Replace an entry and the file has changed upstream, its ETag too. */
  files: Map<string, Uint8Array>;
  /** Used from the front. */
  faults: Map<string, Fault[]>;
  requests: Request[];
  /** Without it nobody can tell whether a file is still the same. */
  validators: boolean;
  close(): Promise<void>;
}

/** A server of a release folder on loopback: ranges, If-Range, ETags; faults on demand. */
export async function startReleaseServer(): Promise<ReleaseServer> {
  const server = createServer((request, response) => answer(state, request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const state: ReleaseServer = {
    url: `http://127.0.0.1:${port}`,
    files: new Map(),
    faults: new Map(),
    requests: [],
    validators: true,
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return state;
}

/** The files of one k3s release, as upstream names them; `folder` is '/k3s-io/k3s/releases/download/v1.36.4+k3s1'. */
export function putK3sRelease(
  server: ReleaseServer,
  folder: string,
  arch: 'amd64' | 'arm64',
  sizes: { binary: number; images: number },
): void {
  const files = {
    [arch === 'amd64' ? 'k3s' : `k3s-${arch}`]: noise(`${folder} binary ${arch}`, sizes.binary),
    [`k3s-airgap-images-${arch}.tar.zst`]: noise(`${folder} images ${arch}`, sizes.images),
  };
  const sums = Object.entries(files).map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`);
  for (const [name, bytes] of Object.entries(files)) server.files.set(`${folder}/${name}`, bytes);
  server.files.set(`${folder}/sha256sum-${arch}.txt`, Buffer.from(sums.join('')));
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The same bytes for the same seed. */
export function noise(seed: string, size: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

function answer(state: ReleaseServer, request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(request.url ?? '');
  const { range, 'if-range': ifRange } = request.headers;
  state.requests.push({ path, ...(range && { range }), ...(typeof ifRange === 'string' && { ifRange }) });
  const fault = state.faults.get(path)?.shift();
  const bytes = state.files.get(path);
  if (fault && 'redirect' in fault) return void response.writeHead(302, { location: fault.redirect }).end();
  if (fault && 'status' in fault) return void response.writeHead(fault.status).end('no');
  if (!bytes) return void response.writeHead(404).end('not found');
  const etag = `"${sha256(bytes).slice(0, 16)}"`;
  const from = range && (!ifRange || ifRange === etag) ? Number(/^bytes=(\d+)-$/.exec(range)?.[1]) : 0;
  if (from >= bytes.length && from > 0) return void response.writeHead(416).end();
  const start = fault && 'wrongRange' in fault ? 0 : from;
  const body = bytes.subarray(start);
  const partial = from > 0 && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  const length = fault && 'truncate' in fault ? fault.truncate : body.length;
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': length,
    ...(state.validators && { etag }),
    ...partial,
  });
  send(response, body, fault);
}

function send(response: ServerResponse, body: Uint8Array, fault: Fault | undefined): void {
  if (fault && 'cut' in fault) {
    response.write(body.subarray(0, fault.cut));
    // What was sent arrives first: a reset at once would take it back out of the client's buffers.
    setTimeout(() => response.destroy(), 30);
    return;
  }
  if (fault && 'stall' in fault) return void response.write(body.subarray(0, fault.stall));
  if (fault && 'truncate' in fault) return void response.end(body.subarray(0, fault.truncate));
  response.end(body);
}
