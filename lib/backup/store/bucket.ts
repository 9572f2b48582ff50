import { isEndpoint } from '../../aws/partition.ts';
import type { Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { TAG } from '../../host/ec2/tags.ts';
import { owner } from '../../host/owner.ts';
import type { Site } from '../../inventory/index.ts';
import type { SecretStore } from '../../secret/index.ts';
import {
  type Bucket,
  type BucketPolicy,
  type BucketWant,
  bucketName,
  bucketPolicy,
  hasRoles,
  healthProblem,
  type Listening,
  listening,
  openBucket,
  putKeys,
  putListening,
  readKeys,
  refuseUnsafe,
  settingText,
  storeAccess,
  storeFiles,
  storeSecrets,
} from '../../store/index.ts';
import { seconds } from '../../time/index.ts';
import type { BucketFacts } from './decide.ts';
import { exists, OF_SITE } from './make.ts';
import { isProven, proveSite } from './proven.ts';

export const isLocal = (site: Site) => site.backup?.store.kind === 'local';
/** What only reads needs no more of a step's context. */
type Surroundings = Pick<Ctx, 'run' | 'secrets' | 'clock' | 'signal'>;

const DAY = 86_400_000;
const envOf = ({ clock, signal }: Surroundings) => ({ clock, signal, random: Math.random });
const ownSecrets = (site: Site, { run }: Surroundings) => storeSecrets(storeFiles(run.dirs.project, site.name));

export const isHere = (site: Site, { run }: Surroundings) => exists(storeFiles(run.dirs.project, site.name).dir);

/** As the admin; a local store that is not here, as the site. */
export async function openAsOwner(site: Site, ctx: Surroundings): Promise<Bucket> {
  const deps = { dirs: ctx.run.dirs, secrets: ctx.secrets };
  const elsewhere = isLocal(site) && !(await isHere(site, ctx));
  const access = await storeAccess(site, elsewhere ? 'site' : 'admin', deps);
  return openBucket(access, envOf(ctx), elsewhere ? {} : await wantOf(site, ctx));
}

/** What the inventory says of its bucket, and who may do what in it. */
async function wantOf(site: Site, ctx: Surroundings): Promise<BucketWant> {
  const store = site.backup?.store;
  const history = site.backup && { history: Math.ceil(site.backup.history / DAY) };
  if (store?.kind !== 's3') return { ...history, policy: await policyOf(site, ctx) };
  const { lock, lockMode, kmsKey, replica } = store;
  const given = {
    ...history,
    ...(lock !== undefined && { lock }),
    ...(lockMode === 'compliance' && { lockMode: 'COMPLIANCE' as const }),
    ...(kmsKey !== undefined && { kmsKey }),
    ...(replica?.role !== undefined && { replication: { ...replica, role: replica.role } }),
  };
  // On AWS rights are of roles (lib/store/roles.ts); elsewhere a bucket's policy names users by their keys.
  if (isEndpoint(new URL(store.endpoint).hostname)) return { ...given, tags: tagsOf(site, ctx), conditions: true };
  return hasRoles(site) ? { ...given, policy: await policyOf(site, ctx) } : given;
}

/** It outlives the site: it has no end of the site's. */
const tagsOf = ({ name }: Site, { run }: Surroundings) => ({
  held: { [TAG.site]: name, [TAG.role]: 'bucket' },
  first: { [TAG.owner]: owner(), [TAG.run]: run.id },
});

async function policyOf(site: Site, ctx: Surroundings): Promise<BucketPolicy> {
  if (isLocal(site)) return policyFor(bucketName(site), ownSecrets(site, ctx));
  const [ofSite, reader] = await Promise.all(OF_SITE.map(role => s3Keys(site, role, ctx)));
  const users = { site: [ofSite?.accessKey.reveal() ?? ''], reader: [reader?.accessKey.reveal() ?? ''] };
  return bucketPolicy(bucketName(site), users);
}

/** Of the roles as all of these know them: more than one while keys are changed. */
export async function policyFor(bucket: string, ...from: readonly SecretStore[]): Promise<BucketPolicy> {
  const names = async (role: (typeof OF_SITE)[number]) => {
    const all = await Promise.all(from.map(secrets => readKeys(secrets, role)));
    return [...new Set(all.flatMap(keys => keys?.accessKey.reveal() ?? []))];
  };
  return bucketPolicy(bucket, { site: await names('site'), reader: await names('reader') });
}

const s3Keys = (site: Site, role: (typeof OF_SITE)[number], { run, secrets }: Surroundings) =>
  storeAccess(site, role, { dirs: run.dirs, secrets });

/** Errors: STORE_UNREACHABLE. */
export async function observeBucket(site: Site, ctx: Surroundings): Promise<BucketFacts> {
  const elsewhere = isLocal(site) && !(await isHere(site, ctx));
  if (isLocal(site)) await refuseSilent(site, elsewhere ? ctx.secrets : ownSecrets(site, ctx));
  const bucket = await openAsOwner(site, ctx);
  try {
    const [settings, keys, proven] = await Promise.all([
      bucket.inspect(),
      !isLocal(site) || hasKeys(site, ctx),
      elsewhere || isProven(site, ctx),
    ]);
    return { keys, elsewhere, ...(settings && { settings }), ...(!proven && { untried: true }) };
  } finally {
    bucket.close();
  }
}

/** Sooner than S3 calls would tell, which are tried again. */
async function refuseSilent(site: Site, secrets: SecretStore): Promise<void> {
  const place = await listening(secrets);
  const silent = place ? await healthProblem(place, seconds(2)) : 'it was not made yet';
  if (silent !== undefined)
    throw new OpsError('STORE_UNREACHABLE', `cannot reach the store of ${site.name}: ${silent}`);
}

/** The site's own copies equal the store's; without the store's folder, that they are there. */
async function hasKeys(site: Site, ctx: Surroundings): Promise<boolean> {
  const { secrets } = ctx;
  const own = ownSecrets(site, ctx);
  const [place, ownPlace] = await Promise.all([listening(secrets), listening(own)]);
  if (!place || (ownPlace && !samePlace(place, ownPlace))) return false;
  for (const role of OF_SITE) {
    const [keys, ownKeys] = await Promise.all([readKeys(secrets, role), readKeys(own, role)]);
    if (!keys) return false;
    if (ownKeys && !(keys.accessKey.equals(ownKeys.accessKey) && keys.secretKey.equals(ownKeys.secretKey)))
      return false;
  }
  return true;
}

const samePlace = (a: Listening, b: Listening) => a.port === b.port && a.ca === b.ca;

/** Copies the keys of the site's roles and the store's place into the site's SecretStore. */
export async function takeKeys(site: Site, ctx: Ctx): Promise<void> {
  const own = ownSecrets(site, ctx);
  for (const role of OF_SITE) {
    const keys = await readKeys(own, role);
    if (keys) await putKeys(ctx.secrets, role, keys);
  }
  const place = await listening(own);
  if (!place)
    throw new OpsError('STORE_UNREACHABLE', `cannot take the keys of the store of ${site.name}: it was not made`);
  await putListening(ctx.secrets, place);
}

/** Errors: STORE_UNSAFE when a setting does not read back or a denied call succeeds; STORE_REFUSED. */
export async function hardenSite(site: Site, ctx: Ctx): Promise<void> {
  const bucket = await openAsOwner(site, ctx);
  try {
    const settings = await bucket.harden();
    for (const setting of settings) if (setting.state !== 'held') ctx.progress(settingText(setting));
    refuseUnsafe(bucket.name, settings);
  } finally {
    bucket.close();
  }
  await proveSite(site, ctx);
}
