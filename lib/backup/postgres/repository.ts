import { Secret, type SecretStore } from '../../secret/index.ts';
import type { StoreAccess } from '../../store/access.ts';
import { KEYS } from '../set.ts';

/** The SecretStore's name of what opens the pgBackRest repository, the dumps and the globals. */
export const CIPHER = 'backup/pgbackrest-cipher';

export const pgbackrestCipher = (secrets: SecretStore): Promise<Secret> => secrets.generate(CIPHER, { length: 32 });

/** Where the data directory is, in the pod and in a scratch container alike. */
export const PGDATA = '/var/lib/postgresql/data/pgdata';

/** The SecretStore's name of the stanza's. Not below backup/, whose secrets a site that is built anew adopts. */
const STANZA = 'app/pgbackrest-stanza';

/**
 * A site that was destroyed and built anew beside its kept store has another database, and so another stanza: what the
 * first one left stays readable, and is never mixed with the new one's. A restored site has the name from the escrow,
 * and goes on in the old one.
 */
export const stanzaOf = async (secrets: SecretStore): Promise<string> =>
  `app-${(await secrets.generate(STANZA, { length: 16 })).reveal().toLowerCase()}`;

/** What a cluster already uses, where this computer does not know it yet. */
export async function adoptStanza(secrets: SecretStore, stanza: string): Promise<void> {
  if (!(await secrets.get(STANZA))) await secrets.put(STANZA, new Secret(stanza.replace(/^app-/, '')));
}

export interface Repository {
  access: StoreAccess;
  /** Which of the two addresses pgBackRest sees. */
  from: 'here' | 'there';
  cipher: Secret;
  stanza: string;
}

/** The files of /etc/pgbackrest. Secret: both keys and the cipher are among them. */
export function repositoryFiles({ access, from, cipher, stanza }: Repository) {
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
    `[${stanza}]`,
    `pg1-path=${PGDATA}`,
    'pg1-socket-path=/var/run/postgresql',
  ];
  return {
    'pgbackrest.conf': `${lines.join('\n')}\n`,
    stanza: `${stanza}\n`,
    ...(access.ca !== undefined && { 'ca.crt': access.ca }),
  };
}

/** Where pgBackRest keeps a stanza's things, as keys of the bucket. `archiveId` as '15-1'. */
export const repositoryKeys = (stanza: string) => ({
  backup: (label: string) => `${KEYS.pgbackrest}backup/${stanza}/${label}/`,
  backupInfo: `${KEYS.pgbackrest}backup/${stanza}/backup.info`,
  archiveInfo: `${KEYS.pgbackrest}archive/${stanza}/archive.info`,
  archive: `${KEYS.pgbackrest}archive/${stanza}/`,
});
