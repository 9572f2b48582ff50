import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FileSecretStore, Secret, type SecretStore } from '../secret/index.ts';

/** The store of a lab: a process of this computer whose files outlive the site. The folder is 0700. */
export interface StoreFiles {
  dir: string;
  /** What is there now, and what was before: a folder a bucket each. */
  data: string;
  versions: string;
  /** users.json of versitygw. */
  iam: string;
  certificate: string;
  key: string;
  log: string;
  /** A link to versitygw in the cache, whose files have no names that a person knows. */
  program: string;
  /** A SecretStore of the store's own. */
  secrets: string;
}

const storesDir = (project: string) => join(project, '.muster', 'stores');

export function storeFiles(project: string, site: string): StoreFiles {
  const dir = join(storesDir(project), site);
  const file = (name: string) => join(dir, name);
  return {
    dir,
    data: file('data'),
    versions: file('versions'),
    iam: file('iam'),
    certificate: file('server.pem'),
    key: file('server-key.pem'),
    log: file('server.log'),
    program: file('versitygw'),
    secrets: file('secrets'),
  };
}

/** Keys of all roles, the authority, and where it listens. Secrets never print; those that a site gets are masked as the site's. */
export const storeSecrets = ({ secrets }: StoreFiles): SecretStore => new FileSecretStore(secrets, { add() {} });

/** Where a local store listens, and who proves that it is this one. */
export interface Listening {
  /** On 127.0.0.1. */
  port: number;
  /** PEM. */
  ca: string;
}

/** In the store's own secrets and in the site's: a rebuild on an empty computer has it from the escrow. */
const LISTENING = 'store/local';

/** One text: a port alone would be masked wherever the number stands. */
export const putListening = (secrets: SecretStore, { port, ca }: Listening): Promise<void> =>
  secrets.put(LISTENING, new Secret(JSON.stringify({ port, ca })));

/** undefined: not known (yet). */
export async function listening(secrets: SecretStore): Promise<Listening | undefined> {
  const text = await secrets.get(LISTENING);
  return text && (JSON.parse(text.reveal()) as Listening);
}

/** Ports that other stores of this checkout keep, on or off. */
export async function keptStorePorts(project: string, site: string): Promise<Set<number>> {
  const others = (await readdir(storesDir(project)).catch(() => [])).filter(name => name !== site);
  const found = await Promise.all(
    others.map(name => listening(storeSecrets(storeFiles(project, name))).catch(() => undefined)),
  );
  return new Set(found.flatMap(other => other?.port ?? []));
}
