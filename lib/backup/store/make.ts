import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import type { Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { portHolder } from '../../host/port-holder.ts';
import { isFree } from '../../host/ports.ts';
import type { Site } from '../../inventory/index.ts';
import { createAuthority, issueServer, type KeyedCertificate, Secret, type SecretStore } from '../../secret/index.ts';
import {
  generateKeys,
  type Keys,
  keptStorePorts,
  listening,
  putListening,
  type Role,
  readKeys,
  type StoreFiles,
  storeFiles,
  storeSecrets,
} from '../../store/index.ts';
import type { Clock } from '../../time/index.ts';

/** What a site gets of its store: the keys of the admin stay there. */
export const OF_SITE = ['site', 'reader'] as const;
const ROLES: readonly Role[] = ['admin', ...OF_SITE];
const USERS: readonly Role[] = [...OF_SITE, 'scratch'];
const CA = 'pki/ca-certificate';
const CA_KEY = 'pki/ca-key';
/** What a lab would like to have; the next free one is taken where it is not. */
const LIKED = 7443;
const TRIES = 200;
/** Guests of qemu and containers see this computer's loopback at 10.0.2.2. */
const ADDRESSES = ['127.0.0.1', '10.0.2.2'];
// pgBackRest 2.45 looks for an address among the DNS names only.
const SERVER = { names: ['localhost', ...ADDRESSES], addresses: ADDRESSES };
/** As long as its authority, all but: the server reads it once, and nobody would start a lab's store anew for it. */
const DAYS = 3640;

/** The folder is made, with all that a server needs. Where it listens is written last. */
export async function isMade(files: StoreFiles): Promise<boolean> {
  const there = await Promise.all([files.data, files.versions, `${files.iam}/users.json`, files.key].map(exists));
  return there.every(Boolean) && (await listening(storeSecrets(files))) !== undefined;
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    error => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

/** Folders, keys of all roles, authority, certificate, users, port. What a killed run left is used. */
export async function makeStore(site: Site, { run, clock }: Ctx): Promise<void> {
  const { project } = run.dirs;
  const files = storeFiles(project, site.name);
  const secrets = storeSecrets(files);
  await mkdir(files.dir, { recursive: true, mode: 0o700 });
  for (const dir of [files.data, files.versions, files.iam]) await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const role of ROLES) await generateKeys(secrets, role);
  await writeUsers(files, secrets);
  const authority = await storeAuthority(site, secrets, clock);
  const { certificate, key } = await issueServer(authority, { ...SERVER, days: DAYS }, clock);
  await writePrivate(files.certificate, certificate);
  await writePrivate(files.key, key.reveal());
  const known = await listening(secrets);
  const port = known?.port ?? (await choosePort(site, project));
  await putListening(secrets, { port, ca: authority.certificate });
}

async function storeAuthority(site: Site, secrets: SecretStore, clock: Clock): Promise<KeyedCertificate> {
  const [certificate, key] = await Promise.all([secrets.get(CA), secrets.get(CA_KEY)]);
  if (certificate && key) return { certificate: certificate.reveal(), key };
  const made = await createAuthority(`muster ${site.name} store CA`, clock);
  await secrets.put(CA_KEY, made.key);
  await secrets.put(CA, new Secret(made.certificate));
  return made;
}

/**
 * versitygw's own file: its API and CLI take secrets in arguments only. Role `user` may do what the bucket's policy says.
 * Read at each request of a user it does not know yet; one that is gone is forgotten when the server starts anew.
 */
export async function writeUsers({ iam }: StoreFiles, ...from: readonly SecretStore[]): Promise<void> {
  const accessAccounts: Record<string, object> = {};
  for (const keys of await usersOf(...from)) {
    const access = keys.accessKey.reveal();
    const secret = keys.secretKey.reveal();
    accessAccounts[access] = { access, secret, role: 'user', userID: 0, groupID: 0, projectID: 0 };
  }
  await writePrivate(`${iam}/users.json`, JSON.stringify({ accessAccounts }));
}

/** The keys of every role but the admin, out of each of these. */
export async function usersOf(...from: readonly SecretStore[]): Promise<Keys[]> {
  const all = await Promise.all(from.flatMap(secrets => USERS.map(role => readKeys(secrets, role))));
  return all.filter(keys => keys !== undefined);
}

async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** What the inventory names, or one that is free. Errors: PORT_TAKEN. */
export async function choosePort(site: Site, project: string): Promise<number> {
  const store = site.backup?.store;
  if (store?.kind === 'local' && store.port !== undefined) return store.port;
  const kept = await keptStorePorts(project, site.name);
  for (let port = LIKED; port < LIKED + TRIES; port++) if (!kept.has(port) && (await isFree(port))) return port;
  throw new OpsError('PORT_TAKEN', `cannot find a free port from ${LIKED} to ${LIKED + TRIES - 1} on 127.0.0.1`);
}

/** Keeps another port than it had. */
export async function movePort(site: Site, port: number, { run }: Ctx): Promise<void> {
  const secrets = storeSecrets(storeFiles(run.dirs.project, site.name));
  const known = await listening(secrets);
  if (known) await putListening(secrets, { ...known, port });
}

/** Errors: PORT_TAKEN. */
export async function refuseTaken(port: number, site: string): Promise<void> {
  if (await isFree(port)) return;
  const holder = (await portHolder(port)) ?? 'somebody';
  throw new OpsError('PORT_TAKEN', `cannot use port ${port} of 127.0.0.1 (the store of ${site}): ${holder} has it`, {
    hint: 'stop it, or choose another port in the inventory: backup.store.port',
  });
}
