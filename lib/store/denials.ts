import { isOpsError, OpsError } from '../errors/index.ts';
import type { StoreAccess } from './access.ts';
import { ATTEMPTS, type Attempt, refusal } from './attempts.ts';
import { storeOn } from './client.ts';
import { type Connection, connectStore, type StoreEnv } from './connection.ts';
import { eraseBelow } from './listing.ts';

export interface Roles {
  site: StoreAccess;
  reader: StoreAccess;
  admin: StoreAccess;
}

const PROBE = '.muster/probe';

/** Each is harmless where it is allowed after all: what is tried on is made for it. */
const OF_SITE = ATTEMPTS.filter(({ harms }) => harms === 'nothing');

const OF_READER: readonly Attempt[] = [
  {
    what: 'write',
    harms: 'nothing',
    act: ({ sdk, client }, { bucket: Bucket }) =>
      client.send(new sdk.PutObjectCommand({ Bucket, Key: PROBE, Body: 'reader', ChecksumAlgorithm: 'SHA256' })),
  },
  {
    what: 'remove',
    harms: 'nothing',
    act: ({ sdk, client }, { bucket: Bucket }) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key: PROBE })),
  },
];

/**
 * Tries what a site and a reader must not do, and that the site can write and the reader read. A policy that was
 * accepted proves nothing. Errors: STORE_UNSAFE naming what was allowed; STORE_REFUSED when the site may not write.
 */
export async function proveDenials(roles: Roles, env: StoreEnv): Promise<void> {
  const site = connectStore(roles.site, env);
  const reader = connectStore(roles.reader, env);
  const admin = connectStore(roles.admin, env);
  try {
    const { versionId = 'null' } = await storeOn(site).put(PROBE, 'site');
    await storeOn(reader).get(PROBE);
    const target = { bucket: site.bucket, key: PROBE, versionId };
    const allowed: string[] = [];
    for (const [who, attempts, connection] of [
      ['site', OF_SITE, site],
      ['reader', OF_READER, reader],
    ] as const)
      for (const attempt of attempts)
        if ((await refusal(attempt, target, connection)) === undefined) allowed.push(`${who}: ${attempt.what}`);
    if (!(await storeOn(site).head(PROBE, versionId))) allowed.push('somebody: the version is gone');
    await tidy(site, admin);
    if (allowed.length === 0) return;
    throw new OpsError('STORE_UNSAFE', `cannot trust the bucket ${site.bucket}: it allows ${allowed.join(', ')}`);
  } finally {
    for (const connection of [site, reader, admin]) connection.close();
  }
}

/** In a bucket with object lock nobody removes it: there it is hidden. */
async function tidy(site: Connection, admin: Connection): Promise<void> {
  await eraseBelow(admin, PROBE).catch(error => {
    if (!isOpsError(error, 'STORE_REFUSED')) throw error;
    return storeOn(site).remove([PROBE]);
  });
}
