import { readFile, stat } from 'node:fs/promises';
import { Agent, type RequestOptions } from 'node:https';
import { OpsError, oneLine } from '../../errors/index.ts';

/** What a kubeconfig says: where the API is, whom to trust, and how to be let in. */
export interface Connection {
  /** The site, for messages. */
  site: string;
  server: URL;
  /** Keeps connections; carries the cluster's CA and the client's certificate. */
  agent: Agent;
  /** Asked for before every request: a token may be short-lived. */
  headers(): Promise<Record<string, string>>;
  /** It has answered before. */
  met: boolean;
}

/**
 * Reads the kubeconfig that muster wrote for a site.
 * Errors: CLUSTER_NO_KUBECONFIG; KUBECONFIG_REFUSED when it is readable by others, damaged, or another cluster's.
 */
export async function openKubeconfig(path: string, site: string): Promise<Connection> {
  const text = await readPrivate(path, site);
  // config.js alone: the whole client costs 450 ms, this 200, and with it come kubeconfig's ways to authenticate.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
  } catch (error) {
    throw refused(path, oneLine(error), error);
  }
  if (config.getCurrentContext() !== site)
    throw refused(path, `its current context is ${JSON.stringify(config.getCurrentContext())}, expected "${site}"`);
  const server = serverOf(config.getCurrentCluster()?.server, path);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca, cert, key });
  return { site, server, agent, headers: () => headersOf(config), met: false };
}

interface Applies {
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

async function headersOf(config: Applies): Promise<Record<string, string>> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const entries = Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(entries);
}

async function readPrivate(path: string, site: string): Promise<string> {
  const mode = await stat(path).then(
    ({ mode }) => mode & 0o777,
    error => {
      if (error.code === 'ENOENT')
        throw new OpsError('CLUSTER_NO_KUBECONFIG', `cannot reach the cluster of ${site}: there is no ${path}`);
      throw refused(path, oneLine(error), error);
    },
  );
  // Whoever reads it owns the cluster; ssh treats a private key the same way.
  if (mode & 0o077)
    throw new OpsError('KUBECONFIG_REFUSED', `cannot use ${path}: mode ${mode.toString(8)}, expected 600`, {
      hint: `chmod 600 ${path}`,
    });
  return readFile(path, 'utf8').catch(error => {
    throw refused(path, oneLine(error), error);
  });
}

function serverOf(server: string | undefined, path: string): URL {
  if (!server || !URL.canParse(server)) throw refused(path, `its server is ${JSON.stringify(server ?? null)}`);
  const url = new URL(server);
  if (url.protocol !== 'https:') throw refused(path, `its server is ${server}, expected https`);
  return url;
}

const refused = (path: string, why: string, cause?: unknown) =>
  new OpsError('KUBECONFIG_REFUSED', `cannot use ${path}: ${why}`, cause === undefined ? {} : { cause });
