import { isRecord } from '../../cluster/index.ts';
import type { Change, Credential, Ctx, Decision, KubeObject, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { generateFresh, oldOf, type Secret } from '../../secret/index.ts';
import { storeAccess } from '../../store/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { KEYS } from '../set.ts';
import { NAMESPACE, REPOSITORY_PASSWORD } from './names.ts';
import { withKopia } from './surroundings.ts';

/** kopia wraps the key of its repository in the password, and changes that in place: every snapshot opens with the new one. */
export const volumesCredential = (site: Site): Credential => ({
  id: 'volumes',
  title: 'The password of the volume backups, old ones too',
  secrets: [REPOSITORY_PASSWORD],
  make: async ({ secrets }) => void (await generateFresh(secrets, REPOSITORY_PASSWORD, { length: 40 })),
  before: [],
  follows: ['addon.velero'],
  after: [passwordStep(site)],
});

/** Of each repository, by its namespace. */
interface Repository {
  namespace: string;
  opens: 'new' | 'old' | 'neither';
}

interface PasswordFacts {
  repositories: Repository[];
  /** Pods of Velero that may know a repository as it was before. */
  stale: string[];
}

const PODS = 'pods of Velero';

/** velero.password: every kopia repository of the site opens with the password that is kept here, and Velero knows. */
const passwordStep = (site: Site): Step<object, PasswordFacts> => ({
  id: 'velero.password',
  title: 'Change the password of the volume backups',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  deadline: minutes(10),
  async observe(ctx) {
    return { repositories: await repositories(site, ctx), stale: (await stalePods(site, ctx)).map(nameOf) };
  },
  decide: (_, facts) => decidePassword(facts),
  apply: (change, ctx) => ctx.effect(change, () => (change.what === PODS ? renew(site, ctx) : changeAll(site, ctx))),
});

/** Velero keeps what it has read of a repository for a quarter of an hour: its pods begin anew. */
export function decidePassword({ repositories: all, stale }: PasswordFacts): Decision {
  const strange = all.find(({ opens }) => opens === 'neither');
  if (strange)
    return {
      is: 'unknown',
      reason: `the repository of ${strange.namespace} opens with neither the new nor the old one`,
    };
  const old = all.filter(({ opens }) => opens === 'old').map(({ namespace }) => namespace);
  const what = `password of the repository of ${old.join(', ')}`;
  const pods: Change = { action: 'replace', what: PODS, grade: old.length > 0 ? 'predicted' : 'known' };
  if (old.length > 0)
    return { is: 'changes', changes: [{ action: 'update', what, grade: 'known', secret: true }, pods] };
  if (stale.length > 0) return { is: 'changes', changes: [{ ...pods, from: stale.join(', ') }] };
  return { is: 'done', reason: `${all.length} repositories open with the one that is kept here` };
}

const FOLDER = `${KEYS.velero}kopia/`;

async function repositories(site: Site, ctx: Ctx): Promise<Repository[]> {
  const keys = (await (await ctx.store(site.name)).list(FOLDER)).map(({ key }) => key.slice(FOLDER.length));
  const names = keys.flatMap(key => /^([^/]+)\/kopia\.repository$/.exec(key)?.[1] ?? []);
  const [now, old] = [await ctx.secrets.get(REPOSITORY_PASSWORD), await oldOf(ctx.secrets, REPOSITORY_PASSWORD)];
  const found: Repository[] = [];
  for (const namespace of [...new Set(names)]) {
    const is = async (password: Secret | undefined) => password && (await kopiaOpens(site, namespace, password, ctx));
    found.push({ namespace, opens: (await is(now)) ? 'new' : (await is(old)) ? 'old' : 'neither' });
  }
  return found;
}

/** Tried on the repository itself. Errors: STORE_UNREACHABLE, KOPIA_CONTENT_LOST. */
export async function kopiaOpens(
  site: Site,
  namespace: string,
  password: Secret,
  ctx: Pick<Ctx, 'run' | 'signal' | 'clock' | 'shell' | 'progress' | 'secrets'>,
): Promise<boolean> {
  const access = await storeAccess(site, 'reader', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  const secrets = { get: async () => password };
  const found = await withKopia(site, { access, namespace }, { ...ctx, secrets }, async kopia => kopia.opened);
  if (found.ok) return true;
  if (found.code === 'KEY_WRONG') return false;
  throw new OpsError(found.code, `cannot open the volume backups of ${namespace}: ${found.words}`);
}

async function changeAll(site: Site, ctx: Ctx): Promise<void> {
  const [now, old] = [await ctx.secrets.get(REPOSITORY_PASSWORD), await oldOf(ctx.secrets, REPOSITORY_PASSWORD)];
  if (!now || !old) throw new OpsError('KEY_MISSING', 'cannot change the password: both of them are needed');
  const access = await storeAccess(site, 'site', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  const asBefore = { ...ctx, secrets: { get: async () => old } };
  for (const { namespace, opens } of await repositories(site, ctx)) {
    if (opens !== 'old') continue;
    await withKopia(site, { access, namespace, write: true }, asBefore, kopia =>
      kopia.run(['repository', 'change-password'], { KOPIA_NEW_PASSWORD: now }),
    );
  }
}

const nameOf = ({ metadata }: KubeObject) => metadata.name;

/** Of Velero, and begun before a repository was written anew. */
async function stalePods(site: Site, ctx: Ctx): Promise<KubeObject[]> {
  const [store, api] = await Promise.all([ctx.store(site.name), ctx.cluster(site.name)]);
  const written = (await store.list(FOLDER))
    .filter(({ key }) => key.endsWith('/kopia.repository'))
    .map(({ modified }) => Date.parse(modified));
  const pods = await api.list({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE });
  const begun = ({ status }: KubeObject) => Date.parse(String(isRecord(status) ? status.startTime : ''));
  return pods.filter(pod => isServer(pod) && written.some(at => begun(pod) <= at));
}

/** Not one of a Job of Velero's, which ends by itself. */
const isServer = ({ metadata: { ownerReferences } }: KubeObject) =>
  Array.isArray(ownerReferences) && ownerReferences.filter(isRecord).some(({ kind }) => kind !== 'Job');

async function renew(site: Site, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(site.name);
  await ctx.wait({
    what: 'pods of Velero that begin anew',
    deadline: minutes(4),
    every: seconds(1),
    hint: `./muster kubectl --site ${site.name} -n ${NAMESPACE} get pods`,
    probe: async () => {
      const stale = await stalePods(site, ctx);
      // Each time: times are whole seconds, and one that began in the second of the writing is not known to be new.
      for (const { metadata } of stale)
        await api.remove({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: metadata.name });
      return stale.length === 0 ? { value: true } : { saw: `${stale.map(nameOf).join(', ')} from before` };
    },
  });
}
