import { request } from 'node:https';
import { isIP } from 'node:net';
import { OpsError, oneLine } from '../../errors/index.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import type { Duration } from '../../time/index.ts';

/** What its certificate covers: forwards of this computer, its name inside, and where it answers. Errors: HOST_ABSENT. */
export async function appNames(site: Site, provider: Provider): Promise<{ names: string[]; addresses: string[] }> {
  const brought = site.hosts.flatMap(({ address }) => address ?? []);
  const hosts = [...new Set([...brought, (await webEndpoint(site, provider)).address])];
  return {
    names: ['localhost', `users.${site.name}.internal`, ...hosts.filter(host => isIP(host) === 0)],
    addresses: ['127.0.0.1', ...hosts.filter(host => isIP(host) !== 0 && host !== '127.0.0.1')],
  };
}

const webEndpoint = (site: Site, provider: Provider) =>
  provider.endpoint(site.hosts.find(host => host.role === 'server')?.name ?? '', 'web');

/** 'https://127.0.0.1:8443'. Errors: HOST_ABSENT. */
export async function webUrl(site: Site, provider: Provider): Promise<string> {
  const { address, port } = await webEndpoint(site, provider);
  return `https://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

export interface Answer {
  status: number;
  body: Buffer;
}

export interface Ask {
  timeout: Duration;
  signal: AbortSignal;
  /** GET when absent. */
  method?: string;
  /** Sent as JSON. */
  json?: object;
  /** Of a session of the app. */
  token?: string;
}

const LARGEST = 1024 * 1024;

/** One request over TLS, trusted through the site's authority only. Errors: APP_UNREACHABLE. */
export function ask(url: string, ca: string, { timeout, signal, method = 'GET', json, token }: Ask): Promise<Answer> {
  const headers = {
    ...(json && { 'content-type': 'application/json' }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(new OpsError('APP_UNREACHABLE', `cannot have an answer from ${url}: ${oneLine(cause)}`, { cause }));
    const call = request(url, { method, headers, ca, agent: false, timeout, signal }, response => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST) call.destroy(new Error(`more than ${LARGEST} bytes`));
        chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeout} ms`)));
    call.on('error', fail);
    call.end(json && JSON.stringify(json));
  });
}
