import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type WebSocket, WebSocketServer } from 'ws';
import { connectCluster } from '../../lib/cluster/index.ts';
import type { ClusterApi } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { systemClock } from '../../lib/time/index.ts';

/** An API that does what a real one cannot be made to do. A request that its test did not foresee fails the test. */
export interface StrictApi {
  api: ClusterApi;
  kubeconfig: string;
  port: number;
  /** 'GET /api/v1', in order. */
  asked: string[];
  close(): Promise<void>;
}

export interface Answers {
  http?(request: {
    method: string;
    path: string;
    accept: string;
    query: URLSearchParams;
    body: string;
  }): Answer | undefined;
  exec?(socket: WebSocket, query: URLSearchParams): void;
  dial?(socket: WebSocket, query: URLSearchParams): void;
}

/** `cut`: the connection goes away in the middle of the body. */
export type Answer = { status: number; body: unknown } | 'reset' | 'cut';

const CORE = {
  resources: [
    { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
    { name: 'nodes', kind: 'Node', namespaced: false },
    { name: 'nodes/status', kind: 'Node', namespaced: false },
  ],
};

export async function strictApi(answers: Answers, signal = new AbortController().signal): Promise<StrictApi> {
  const dir = mkdtempSync(join(tmpdir(), 'muster-api-'));
  const asked: string[] = [];
  const { key, cert } = certificate(dir);
  const server = createTls({ key, cert }, (request, response) => answer(request, response, answers, asked));
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: offered => pick(offered) });
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '', 'https://api');
    const dial = url.pathname.endsWith('/portforward');
    asked.push(`${dial ? 'DIAL' : 'EXEC'} ${url.pathname}`);
    const take = dial ? answers.dial : answers.exec;
    sockets.handleUpgrade(request, socket, head, client => take?.(client, url.searchParams));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(dir, 'kubeconfig.yaml');
  writeFileSync(kubeconfig, kubeconfigText(port, cert), { mode: 0o600 });
  const api = await connectCluster(kubeconfig, 'lab', { clock: systemClock, signal, random: () => 0 });
  const close = async () => {
    await api.close();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    rmSync(dir, { recursive: true });
  };
  return { api, kubeconfig, port, asked, close };
}

async function answer(request: IncomingMessage, response: ServerResponse, answers: Answers, asked: string[]) {
  const url = new URL(request.url ?? '', 'https://api');
  const method = request.method ?? '';
  asked.push(`${method} ${url.pathname}`);
  const accept = request.headers.accept ?? '';
  let body = '';
  for await (const chunk of request) body += chunk;
  const given = answers.http?.({ method, path: url.pathname, accept, query: url.searchParams, body });
  const found = given ?? (url.pathname === '/api/v1' ? { status: 200, body: CORE } : undefined);
  if (found === 'reset') return request.socket.destroy();
  if (found === 'cut') {
    response.writeHead(200, { 'content-length': '1000' });
    return response.write('{"half":', () => request.socket.destroy());
  }
  const { status, body: reply } = found ?? { status: 418, body: { message: `not foreseen: ${method} ${request.url}` } };
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof reply === 'string' ? reply : JSON.stringify(reply));
}

/** exec speaks v5, a forwarded port v4. */
const pick = (offered: Set<string>) =>
  ['v5.channel.k8s.io', 'v4.channel.k8s.io'].find(one => offered.has(one)) ?? false;

function certificate(dir: string) {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const subject = ['-subj', '/CN=api', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...ec, '-keyout', key, '-out', cert, '-days', '2', ...subject], {
    stdio: 'ignore',
  });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

export const kubeconfigText = (port: number, ca: Buffer, context = 'lab') => `apiVersion: v1
kind: Config
clusters: [{ name: lab, cluster: { server: "https://127.0.0.1:${port}", certificate-authority-data: ${ca.toString('base64')} } }]
users: [{ name: lab, user: { token: t0ken } }]
contexts: [{ name: ${context}, context: { cluster: lab, user: lab } }]
current-context: ${context}
`;

export async function withApi(answers: Answers, use: (api: StrictApi) => Promise<void>) {
  const strict = await strictApi(answers);
  try {
    await use(strict);
  } finally {
    await strict.close();
  }
}

/** The OpsError that it throws. */
export async function thrown(act: () => Promise<unknown>): Promise<OpsError> {
  const error = await act().then(
    () => undefined,
    error => error,
  );
  assert.instance(error, OpsError);
  return error;
}

/** A port on which nothing listens. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
