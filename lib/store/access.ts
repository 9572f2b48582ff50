import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { credentialsOf } from '../aws/credentials.ts';
import type { Dirs } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { resolveReference, Secret, type SecretStore } from '../secret/index.ts';
import { listening, storeFiles, storeSecrets } from './local.ts';

/** How a bucket is reached, and as whom. Two views of one endpoint: a machine does not see this computer's loopback. */
export interface StoreAccess {
  /** From this computer: 'https://127.0.0.1:7443'. */
  here: string;
  /** From the site's machines and pods: 'https://10.0.2.2:7443'. */
  there: string;
  region: string;
  bucket: string;
  /** PEM; undefined: public authorities. */
  ca?: string;
  /** It has object lock: what is written wants a checksum. */
  locked?: boolean;
  accessKey: Secret;
  secretKey: Secret;
  /** Of keys that expire. Only the admin has such, and gives them to no machine. */
  token?: Secret;
}

/**
 * site: adds and reads, erases no history. reader: reads only. admin: muster's own on this computer, in no site.
 * scratch: of a rehearsal's next backup, writes into its bucket and is known nowhere else.
 */
export type Role = 'site' | 'reader' | 'admin' | 'scratch';

export interface AccessDeps {
  dirs: Pick<Dirs, 'project'>;
  /** The site's. Of a rehearsal the copy's own, which has the source's from the escrow. */
  secrets: SecretStore;
  /** Provider.gateway. */
  gateway?: string | undefined;
}

export type Keys = Pick<StoreAccess, 'accessKey' | 'secretKey' | 'token'>;

/** The SecretStore's names. */
export const secretNames = (role: Role) => ({ access: `store/${role}-access-key`, secret: `store/${role}-secret-key` });

/**
 * How a role reaches the site's bucket. Of an s3 store a role that the inventory gives no keys of its own has the
 * site's. Errors: STORE_UNREACHABLE before a local store was made, or without a backup section; SECRET_*.
 */
export async function storeAccess(site: Site, role: Role, deps: AccessDeps): Promise<StoreAccess> {
  const store = site.backup?.store;
  if (!store)
    throw new OpsError('STORE_UNREACHABLE', `cannot open the store of ${site.name}: its inventory has no backup`, {
      hint: `write a section backup into ${site.path}`,
    });
  if (store.kind === 's3') return s3Access(site, role, store);
  const files = storeFiles(deps.dirs.project, site.name);
  // The admin's keys are the store's, and lie in no site.
  const secrets = role === 'admin' ? storeSecrets(files) : deps.secrets;
  const [place, keys] = await Promise.all([listening(secrets), readKeys(secrets, role)]);
  if (!place || !keys)
    throw new OpsError('STORE_UNREACHABLE', `cannot open the store of ${site.name} as ${role}: it was not made yet`, {
      hint: `./muster bootstrap --site ${site.name} --only 15-open-store`,
    });
  const { port, ca } = place;
  return {
    here: `https://127.0.0.1:${port}`,
    there: `https://${deps.gateway ?? '127.0.0.1'}:${port}`,
    region: 'us-east-1',
    bucket: bucketName(site),
    ca,
    ...keys,
  };
}

/** 'muster-lab', or what the inventory names. */
export const bucketName = ({ name, backup }: Site): string =>
  backup?.store.kind === 's3' ? backup.store.bucket : `muster-${name}`;

type S3Want = Extract<NonNullable<Site['backup']>['store'], { kind: 's3' }>;

async function s3Access(site: Site, role: Role, store: S3Want): Promise<StoreAccess> {
  const { endpoint, inside, region, bucket, ca, lock } = store;
  const own = (role === 'reader' || role === 'admin' ? store[role] : undefined) ?? store;
  const [keys, authority] = await Promise.all([
    own === 'aws' ? ofChain(site) : ofInventory(site, own),
    ca === undefined ? undefined : readFile(ca, 'utf8'),
  ]);
  return {
    here: endpoint,
    there: inside ?? endpoint,
    region,
    bucket,
    ...(authority !== undefined && { ca: authority }),
    ...(lock !== undefined && { locked: true }),
    ...keys,
  };
}

async function ofInventory({ path }: Site, { accessKey, secretKey }: Pick<S3Want, 'accessKey' | 'secretKey'>) {
  const deps = { env: process.env, directory: dirname(path) };
  const resolve = (reference: string) => resolveReference(reference, deps);
  return { accessKey: await resolve(accessKey), secretKey: await resolve(secretKey) };
}

/** As the provider of the site asks AWS. */
async function ofChain({ provider }: Site): Promise<Keys> {
  const profile = provider.kind === 'ec2' ? provider.profile : undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = await credentialsOf(profile, process.env);
  return {
    accessKey: new Secret(accessKeyId),
    secretKey: new Secret(secretAccessKey),
    ...(sessionToken !== undefined && { token: new Secret(sessionToken) }),
  };
}

/** Roles with keys of their own: what each of them may not do can be tried. */
export const hasRoles = ({ backup }: Site): boolean => {
  const store = backup?.store;
  return store?.kind === 'local' || (store?.kind === 's3' && store.reader !== undefined && store.admin !== undefined);
};

/** undefined: at least one of them is not there. */
export async function readKeys(secrets: SecretStore, role: Role): Promise<Keys | undefined> {
  const { access, secret } = secretNames(role);
  const [accessKey, secretKey] = await Promise.all([secrets.get(access), secrets.get(secret)]);
  return accessKey && secretKey && { accessKey, secretKey };
}

export async function putKeys(secrets: SecretStore, role: Role, { accessKey, secretKey }: Keys): Promise<void> {
  const { access, secret } = secretNames(role);
  await secrets.put(access, accessKey);
  await secrets.put(secret, secretKey);
}

/** As if they had never been made. */
export async function forgetKeys(secrets: SecretStore, role: Role): Promise<void> {
  const { access, secret } = secretNames(role);
  await secrets.remove(secret);
  await secrets.remove(access);
}

/** Keys and place of a local store, out of a site's secrets: its store is gone for good. */
export async function forgetStore(secrets: SecretStore): Promise<void> {
  for (const name of await secrets.list()) if (name.startsWith('store/')) await secrets.remove(name);
}

/** Those that are there, or new ones. */
export async function generateKeys(secrets: SecretStore, role: Role): Promise<Keys> {
  const { access, secret } = secretNames(role);
  return {
    accessKey: await secrets.generate(access, { length: 20 }),
    secretKey: await secrets.generate(secret, { length: 40 }),
  };
}
