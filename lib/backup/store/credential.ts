import type { Change, Credential, Ctx, Decision, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import {
  beginRotation,
  freshOf,
  generateFresh,
  oldOf,
  promote,
  rotationUnderWay,
  type SecretStore,
} from '../../secret/index.ts';
import {
  bucketName,
  letsIn,
  openBucket,
  putKeys,
  refuseUnsafe,
  secretNames,
  storeAccess,
  storeFiles,
  storeSecrets,
} from '../../store/index.ts';
import { minutes } from '../../time/index.ts';
import { hardenSite, policyFor } from './bucket.ts';
import { exists, OF_SITE, writeUsers } from './make.ts';
import { startServer } from './server.ts';

const namesOf = (role: 'site' | 'reader' | 'admin') => Object.values(secretNames(role));
const ADMIN = namesOf('admin');
const LENGTH = { access: 20, secret: 40 };

/** Keys of a local store: new users beside the old ones, until pods and muster use them. Of another store they are made there. */
export const storeCredential = (site: Site, rotation: string): Credential => ({
  id: 'store',
  title: 'The keys of the store, of every role',
  secrets: OF_SITE.flatMap(namesOf),
  async make({ secrets }) {
    for (const role of OF_SITE) {
      const { access, secret } = secretNames(role);
      await generateFresh(secrets, access, { length: LENGTH.access });
      await generateFresh(secrets, secret, { length: LENGTH.secret });
    }
  },
  before: [usersStep(site, rotation)],
  follows: ['addon.velero', 'postgres.access'],
  after: [retireStep(site, rotation)],
});

const target = ({ name }: Site) => ({ site: name, kind: 'site' as const, name });
const ownOf = (site: Site, { run }: Pick<Ctx, 'run'>) => storeSecrets(storeFiles(run.dirs.project, site.name));
const envOf = ({ clock, signal }: Ctx) => ({ clock, signal, random: Math.random });

interface UsersFacts {
  here: boolean;
  /** Roles whose new keys the store does not know. */
  unknown: string[];
}

/** store.users: both the old and the new keys open the store. */
const usersStep = (site: Site, rotation: string): Step<object, UsersFacts> => ({
  id: 'store.users',
  title: 'Let the new keys into the store, beside the old ones',
  target: target(site),
  want: { rotation },
  deadline: minutes(2),
  async observe(ctx) {
    const here = await exists(storeFiles(ctx.run.dirs.project, site.name).dir);
    const unknown: string[] = [];
    for (const role of OF_SITE) {
      const keys = await freshKeys(role, ctx.secrets);
      if (keys && !(await opens(site, ctx, keys))) unknown.push(role);
    }
    return { here, unknown };
  },
  decide: (_, { here, unknown }): Decision => {
    if (unknown.length === 0) return { is: 'done', reason: 'the store knows them' };
    if (!here) return { is: 'unknown', reason: 'the store is not run from here: its users are changed where it is' };
    const change: Change = { action: 'create', what: `users ${unknown.join(', ')} of the store`, grade: 'known' };
    return { is: 'changes', changes: [{ ...change, secret: true }] };
  },
  apply: (change, ctx) => ctx.effect(change, () => addUsers(site, rotation, ctx)),
});

async function freshKeys(role: 'site' | 'reader', secrets: SecretStore) {
  const { access, secret } = secretNames(role);
  const [accessKey, secretKey] = [await freshOf(secrets, access), await freshOf(secrets, secret)];
  return accessKey && secretKey && { accessKey, secretKey };
}

async function opens(site: Site, ctx: Ctx, keys: Awaited<ReturnType<typeof freshKeys>>): Promise<boolean> {
  const access = await storeAccess(site, 'reader', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  return letsIn({ ...access, ...keys }, envOf(ctx));
}

/** The store's own secrets have the new ones from now on, the site's still the old ones: both are written down. */
async function addUsers(site: Site, rotation: string, ctx: Ctx): Promise<void> {
  const files = storeFiles(ctx.run.dirs.project, site.name);
  const own = ownOf(site, ctx);
  if ((await rotationUnderWay(own))?.id !== rotation)
    await beginRotation(own, { id: rotation, credentials: ['store'] });
  for (const role of OF_SITE) {
    const keys = await freshKeys(role, ctx.secrets);
    if (keys) await putKeys(own, role, keys);
  }
  await writeUsers(files, own, ctx.secrets);
  const access = await storeAccess(site, 'admin', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  const bucket = openBucket(access, envOf(ctx), { policy: await policyFor(access.bucket, own, ctx.secrets) });
  try {
    refuseUnsafe(bucket.name, await bucket.harden());
  } finally {
    bucket.close();
  }
}

interface RetireFacts {
  /** Roles whose old keys still open the store. */
  letIn: string[];
  /** The admin's keys are those of this rotation, and open it. */
  admin: boolean;
}

/** store.retire: the old keys open the store no more; the admin's are changed with the restart that forgets them. */
const retireStep = (site: Site, rotation: string): Step<object, RetireFacts> => ({
  id: 'store.retire',
  title: 'Let the old keys into the store no more',
  target: target(site),
  want: { rotation, bucket: bucketName(site) },
  deadline: minutes(2),
  async observe(ctx) {
    const own = ownOf(site, ctx);
    const letIn = [...(await letInOf(site, OF_SITE, ctx.secrets, ctx)), ...(await letInOf(site, ['admin'], own, ctx))];
    const changed = (await oldOf(own, ADMIN[0] ?? '')) !== undefined;
    return { letIn, admin: changed && (await opensAs(site, 'admin', ctx)) };
  },
  decide: (_, { letIn, admin }): Decision => {
    if (letIn.length === 0 && admin) return { is: 'done', reason: 'only the new keys open the store' };
    const who = [...letIn, ...(admin ? [] : ['admin'])].join(', ');
    return {
      is: 'changes',
      changes: [{ action: 'delete', what: `old keys of the store: ${who}`, grade: 'known', secret: true }],
    };
  },
  apply: (change, ctx) => ctx.effect(change, () => retire(site, ctx)),
});

async function opensAs(site: Site, role: 'admin', ctx: Ctx): Promise<boolean> {
  const access = await storeAccess(site, role, { dirs: ctx.run.dirs, secrets: ctx.secrets });
  return letsIn(access, envOf(ctx));
}

/** Roles whose keys of before, as kept in `secrets`, still open it. */
async function letInOf(
  site: Site,
  roles: readonly ('site' | 'reader' | 'admin')[],
  secrets: SecretStore,
  ctx: Ctx,
): Promise<string[]> {
  const access = await storeAccess(site, 'reader', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  const found: string[] = [];
  for (const role of roles) {
    const [accessKey, secretKey] = await Promise.all(namesOf(role).map(name => oldOf(secrets, name)));
    if (accessKey && secretKey && (await letsIn({ ...access, accessKey, secretKey }, envOf(ctx)))) found.push(role);
  }
  return found;
}

async function retire(site: Site, ctx: Ctx): Promise<void> {
  const files = storeFiles(ctx.run.dirs.project, site.name);
  const own = ownOf(site, ctx);
  // A killed run may have changed the admin's keys, and not restarted the server.
  const changed = (await oldOf(own, ADMIN[0] ?? '')) !== undefined;
  if (!changed) {
    await hardenSite(site, ctx);
    await makeFreshAdmin(own);
  }
  for (const name of ADMIN) await promote(own, name);
  await writeUsers(files, own);
  await startServer(site, ctx);
}

async function makeFreshAdmin(own: SecretStore): Promise<void> {
  const { access, secret } = secretNames('admin');
  await generateFresh(own, access, { length: LENGTH.access });
  await generateFresh(own, secret, { length: LENGTH.secret });
}
