import { isOpsError, OpsError } from '../errors/index.ts';
import type { StoreAccess } from './access.ts';
import { storeOn } from './client.ts';
import { type Connection, connectStore, type StoreEnv, type Wire } from './connection.ts';
import { failureOf } from './failure.ts';
import { eraseBelow } from './listing.ts';

export interface Roles {
  site: StoreAccess;
  reader: StoreAccess;
  admin: StoreAccess;
}

const PROBE = '.muster/probe';

interface Attempt {
  who: 'site' | 'reader';
  what: string;
  act(wire: Wire, bucket: string, versionId: string): Promise<unknown>;
}

/** Each is harmless where it is allowed after all. */
const FORBIDDEN: readonly Attempt[] = [
  {
    who: 'site',
    what: 'remove a version',
    act: ({ sdk, client }, Bucket, VersionId) =>
      client.send(new sdk.DeleteObjectCommand({ Bucket, Key: PROBE, VersionId })),
  },
  {
    who: 'site',
    what: 'remove versions in one request',
    act: ({ sdk, client }, Bucket, VersionId) =>
      client.send(new sdk.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: PROBE, VersionId }] } })),
  },
  {
    who: 'site',
    what: 'set versioning',
    act: ({ sdk, client }, Bucket) =>
      client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })),
  },
  {
    who: 'site',
    what: 'change the policy',
    act: async ({ sdk, client }, Bucket) => {
      const { Policy } = await client.send(new sdk.GetBucketPolicyCommand({ Bucket }));
      await client.send(new sdk.PutBucketPolicyCommand({ Bucket, Policy }));
    },
  },
  {
    who: 'reader',
    what: 'write',
    act: ({ sdk, client }, Bucket) => client.send(new sdk.PutObjectCommand({ Bucket, Key: PROBE, Body: 'reader' })),
  },
  {
    who: 'reader',
    what: 'remove',
    act: ({ sdk, client }, Bucket) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key: PROBE })),
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
    const allowed: string[] = [];
    for (const attempt of FORBIDDEN)
      if (await succeeds(attempt, attempt.who === 'site' ? site : reader, versionId))
        allowed.push(`${attempt.who}: ${attempt.what}`);
    if (!(await storeOn(site).head(PROBE, versionId))) allowed.push('somebody: the version is gone');
    await eraseBelow(admin, PROBE);
    if (allowed.length === 0) return;
    throw new OpsError('STORE_UNSAFE', `cannot trust the bucket ${site.bucket}: it allows ${allowed.join(', ')}`);
  } finally {
    for (const connection of [site, reader, admin]) connection.close();
  }
}

async function succeeds({ who, what, act }: Attempt, connection: Connection, versionId: string): Promise<boolean> {
  try {
    await connection.call(`try as ${who} to ${what}`, wire => act(wire, connection.bucket, versionId));
    return true;
  } catch (error) {
    if (isOpsError(error, 'STORE_REFUSED') && failureOf(error.cause).status === 403) return false;
    throw error;
  }
}
