import { OpsError } from '../../errors/index.ts';
import { Secret, type SecretStore } from '../../secret/index.ts';
import type { StoreAccess } from '../../store/access.ts';
import { KEYS } from '../set.ts';

/** The SecretStore's names: what opens the repository, the dumps and the globals; and how the stanza is called. */
export const CIPHER = 'backup/pgbackrest-cipher';
/** Not below backup/, whose secrets a site that is built anew adopts. */
export const STANZA = 'app/pgbackrest-stanza';
/** Below it, by stanza: the ciphers of archives that were ended, for as long as a set needs one. */
const RETIRED = 'backup/retired/';

/**
 * A site that was destroyed and built anew beside its kept store has another database, and so another stanza: what the
 * first one left stays readable, and is never mixed with the new one's. A restored site has the name from the escrow,
 * and goes on in the old one.
 */
export interface RepositoryKeys {
  cipher: Secret;
  stanza: string;
}

export const stanzaOf = (name: Secret): string => `app-${name.reveal().toLowerCase()}`;
const keysOf = (cipher: Secret, name: Secret): RepositoryKeys => ({ cipher, stanza: stanzaOf(name) });

/**
 * An archive cannot change its cipher: a new cipher begins a new archive, under another stanza, and the old one stays
 * readable. What opens it is kept here too, so that a set of before is restored as any other.
 */
export const retireCipher = (secrets: SecretStore, { stanza, cipher }: RepositoryKeys): Promise<void> =>
  secrets.put(`${RETIRED}${stanza}`, cipher);

export async function retiredKeys(secrets: SecretStore): Promise<RepositoryKeys[]> {
  const names = (await secrets.list()).filter(name => name.startsWith(RETIRED));
  const found = await Promise.all(
    names.map(async name => ({ stanza: name.slice(RETIRED.length), cipher: await secrets.get(name) })),
  );
  return found.flatMap(({ stanza, cipher }) => (cipher ? [{ stanza, cipher }] : []));
}

export const forgetCipher = (secrets: SecretStore, stanza: string): Promise<void> =>
  secrets.remove(`${RETIRED}${stanza}`);

/** What opens the archive of a set, of whatever time. Errors: SECRET_MISSING. */
export async function cipherOf(secrets: Pick<SecretStore, 'get'>, stanza: string): Promise<Secret> {
  return (await secrets.get(`${RETIRED}${stanza}`)) ?? (await repositoryKeysOf(secrets)).cipher;
}

/** undefined: at least one of the two was not made yet. */
export async function knownKeys(secrets: Pick<SecretStore, 'get'>): Promise<RepositoryKeys | undefined> {
  const [cipher, name] = await Promise.all([secrets.get(CIPHER), secrets.get(STANZA)]);
  return cipher && name && keysOf(cipher, name);
}

/** Errors: SECRET_MISSING before postgres.access made them. */
export async function repositoryKeysOf(secrets: Pick<SecretStore, 'get'>): Promise<RepositoryKeys> {
  const keys = await knownKeys(secrets);
  if (keys) return keys;
  throw new OpsError('SECRET_MISSING', `cannot open the archive of the database: its key is not kept here`, {
    hint: './muster bootstrap --site <site> --only postgres.access',
  });
}

/** Those that are there, or new ones. `stanza`: what a cluster uses already. */
export async function makeKeys(secrets: SecretStore, stanza?: string): Promise<RepositoryKeys> {
  if (stanza !== undefined && !(await secrets.get(STANZA)))
    await secrets.put(STANZA, new Secret(stanza.replace(/^app-/, '')));
  return keysOf(await secrets.generate(CIPHER, { length: 32 }), await secrets.generate(STANZA, { length: 16 }));
}

/** Where the data directory is, in the pod and in a scratch container alike. */
export const PGDATA = '/var/lib/postgresql/data/pgdata';

export interface Repository extends RepositoryKeys {
  access: StoreAccess;
  /** Which of the two addresses pgBackRest sees. */
  from: 'here' | 'there';
  /** Archives that were ended, and are still read. */
  retired?: readonly RepositoryKeys[];
}

/** The files of /etc/pgbackrest. Secret: both keys and the cipher are among them. */
export function repositoryFiles({ access, from, cipher, stanza, retired = [] }: Repository) {
  const lines = [
    '[global]',
    'repo1-type=s3',
    `repo1-path=/${KEYS.pgbackrest.replace(/\/$/, '')}`,
    // Its TLS looks for this host among the DNS names of the certificate, addresses too.
    `repo1-s3-endpoint=${new URL(access[from]).host}`,
    `repo1-s3-bucket=${access.bucket}`,
    `repo1-s3-region=${access.region}`,
    'repo1-s3-uri-style=path',
    `repo1-s3-key=${access.accessKey.reveal()}`,
    `repo1-s3-key-secret=${access.secretKey.reveal()}`,
    ...(access.token ? [`repo1-s3-token=${access.token.reveal()}`] : []),
    ...(access.ca === undefined ? [] : ['repo1-storage-ca-file=/etc/pgbackrest/ca.crt']),
    'repo1-storage-verify-tls=y',
    'repo1-cipher-type=aes-256-cbc',
    `repo1-cipher-pass=${cipher.reveal()}`,
    'repo1-bundle=y',
    'compress-type=zst',
    'start-fast=y',
    // What expires is decided over whole sets, by muster.
    'repo1-retention-full=9999999',
    'expire-auto=n',
    'log-level-file=off',
    // stdout is data: files that are read out of the repository, JSON.
    'log-level-console=off',
    'log-level-stderr=warn',
    ...section(stanza),
    // The first cipher of the file is that of what is written (CIPHER_OF_CONF): these come after it.
    ...retired.flatMap(old => [...section(old.stanza), `repo1-cipher-pass=${old.cipher.reveal()}`]),
  ];
  return {
    'pgbackrest.conf': `${lines.join('\n')}\n`,
    stanza: `${stanza}\n`,
    // A pod that restores from one of them mounts it under that name.
    ...Object.fromEntries(retired.map(old => [stanzaFile(old.stanza), `${old.stanza}\n`])),
    ...(access.ca !== undefined && { 'ca.crt': access.ca }),
  };
}

/** The Secret's key with the name of an archive that was ended. */
export const stanzaFile = (stanza: string): string => `stanza.${stanza}`;

const section = (stanza: string) => [`[${stanza}]`, `pg1-path=${PGDATA}`, 'pg1-socket-path=/var/run/postgresql'];

/** Where pgBackRest keeps a stanza's things, as keys of the bucket. `archiveId` as '15-1'. */
export const repositoryKeys = (stanza: string) => ({
  backup: (label: string) => `${KEYS.pgbackrest}backup/${stanza}/${label}/`,
  backupInfo: `${KEYS.pgbackrest}backup/${stanza}/backup.info`,
  archiveInfo: `${KEYS.pgbackrest}archive/${stanza}/archive.info`,
  archive: `${KEYS.pgbackrest}archive/${stanza}/`,
});
