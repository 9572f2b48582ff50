import type { Dirs } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import {
  type BucketPolicy,
  bucketName,
  bucketPolicy,
  forgetKeys,
  generateKeys,
  type Keys,
  openBucket,
  refuseUnsafe,
  type StoreEnv,
  storeAccess,
  storeFiles,
  storeSecrets,
} from '../../store/index.ts';
import { exists, writeUsers } from './make.ts';

/** Whose store, and whose bucket in it. */
export interface ScratchOf {
  source: Site;
  /** The second site, under its own name. */
  into: Site;
  dirs: Pick<Dirs, 'project'>;
}

/**
 * A bucket beside the source's, in its own local store, with a user that writes there and is known nowhere else: a
 * rehearsed site's next backup goes there. One that a killed rehearsal left is used. undefined: the store is not run
 * from here, so nobody can make one. Errors: STORE_*.
 */
export async function makeScratch(of: ScratchOf, env: StoreEnv): Promise<Keys | undefined> {
  const files = storeFiles(of.dirs.project, of.source.name);
  if (of.source.backup?.store.kind !== 'local' || !(await exists(files.dir))) return undefined;
  const own = storeSecrets(files);
  const keys = await generateKeys(own, 'scratch');
  await writeUsers(files, own);
  const user = keys.accessKey.reveal();
  const bucket = await openScratch(of, env, bucketPolicy(bucketName(of.into), { site: [user], reader: [user] }));
  try {
    refuseUnsafe(bucket.name, await bucket.harden());
  } finally {
    bucket.close();
  }
  return keys;
}

/** Bucket, then user; what is not there is fine. Errors: STORE_*. */
export async function removeScratch(of: ScratchOf, env: StoreEnv): Promise<void> {
  const files = storeFiles(of.dirs.project, of.source.name);
  const own = storeSecrets(files);
  if (of.source.backup?.store.kind !== 'local' || !(await own.get('store/scratch-access-key'))) return;
  const bucket = await openScratch(of, env);
  try {
    if (await bucket.inspect()) {
      await bucket.erase('');
      await bucket.remove();
    }
  } finally {
    bucket.close();
  }
  await forgetKeys(own, 'scratch');
  await writeUsers(files, own);
}

async function openScratch({ source, into, dirs }: ScratchOf, env: StoreEnv, policy?: BucketPolicy) {
  const secrets = storeSecrets(storeFiles(dirs.project, source.name));
  const admin = await storeAccess(source, 'admin', { dirs, secrets });
  return openBucket({ ...admin, bucket: bucketName(into) }, env, policy ? { policy } : {});
}
