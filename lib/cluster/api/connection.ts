import { readFile, stat } from 'node:fs/promises';
import { Agent } from 'node:https';
import { OpsError, oneLine } from '../../errors/index.ts';
import { readCredentials } from './credentials.ts';

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
 * Reads the kubeconfig that muster wrote for a site. `token`: as its exec plugin would print it.
 * Errors: CLUSTER_NO_KUBECONFIG; KUBECONFIG_REFUSED when it is readable by others, damaged, or another cluster's.
 */
export async function openKubeconfig(path: string, site: string, token?: () => Promise<string>): Promise<Connection> {
  const text = await readPrivate(path, site);
  const { context, server, tls, headers } = await readCredentials(text, token).catch(error => {
    throw refused(path, oneLine(error), error);
  });
  if (context !== site) throw refused(path, `its current context is ${JSON.stringify(context)}, expected "${site}"`);
  // Few: each costs an emulated guest a handshake, and it is the guest that is waited for.
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ...tls });
  return { site, server: serverOf(server, path), agent, headers, met: false };
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
