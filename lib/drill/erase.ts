import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CLOUD_SECRET, NAMESPACE as VELERO } from '../addon/velero/manifests/names.ts';
import { writeDurably } from '../artifact/durable.ts';
import { type Artefact, KEYS } from '../backup/index.ts';
import { NAMESPACE as DATABASE } from '../backup/postgres/names.ts';
import { sha256Of } from '../backup/sign.ts';
import { isRecord } from '../cluster/index.ts';
import type { Change, ClusterApi, Ctx, Decision, ObjectStore, Step } from '../engine/index.ts';
import { isOpsError, OpsError } from '../errors/index.ts';
import { Secret } from '../secret/index.ts';
import { ATTEMPTS, BESIDE_SETS, type StoreAccess, storeAccess, tryToErase } from '../store/index.ts';
import { minutes } from '../time/index.ts';
import type { Drill } from './scenario.ts';

const attempted = z.strictObject({
  /** Where the keys were found. */
  as: z.string(),
  key: z.string(),
  tried: z.array(z.strictObject({ what: z.string(), refused: z.string().nullable() })),
  whole: z.boolean(),
});

export type Attempted = z.infer<typeof attempted>;

const WHAT = {
  destroy: "the set's history, with the site's own keys",
  rehearse: "history of a copy, with the site's own keys",
  rebuild: '',
};

const fileOf = ({ folder }: Drill) => join(folder, 'attempts.json');

/** What was tried in this drill; undefined: nothing yet. */
export async function readAttempts(drill: Drill): Promise<Attempted[] | undefined> {
  const text = await readFile(fileOf(drill), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : z.array(attempted).parse(JSON.parse(text));
}

/** drill.erase: what came of it is in the drill's folder, so that a drill that is gone on with tries it once. */
export function eraseStep(drill: Drill): Step<object, Attempted[] | undefined> {
  const { site } = drill.target;
  const { mode } = drill;
  const change: Change = { action: 'delete', what: WHAT[mode], grade: 'known' };
  const what = mode === 'rehearse' ? `a copy of objects of the set` : 'the set';
  return {
    id: 'drill.erase',
    title: `Try to erase ${what} ${drill.set.manifest.id} with the keys that lie in the site`,
    target: { site: site.name, kind: 'site', name: site.name },
    want: {},
    deadline: minutes(10),
    destroys: mode !== 'rehearse',
    observe: () => readAttempts(drill),
    decide: (_, seen): Decision =>
      seen ? { is: 'done', reason: `${seen.length} objects were tried` } : { is: 'changes', changes: [change] },
    apply: (_, ctx) =>
      ctx.effect(change, async () => {
        const all = await attempt(drill, ctx);
        await writeDurably(fileOf(drill), `${JSON.stringify(all, null, 2)}\n`, `${fileOf(drill)}.new`);
      }),
  };
}

/** In a rehearsal no set is touched: copies of its objects are written for it, with the site's keys, and hidden after it. */
async function attempt(drill: Drill, ctx: Ctx): Promise<Attempted[]> {
  const { target } = drill;
  const { site } = target;
  const known = await storeAccess(site, 'site', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  const found = await foundKeys(await ctx.cluster(site.name), known);
  if (drill.mode !== 'rehearse') return tryAll(found, await wholeTargets(drill, ctx), ATTEMPTS, ctx);
  const store = await ctx.store(site.name);
  try {
    return await tryAll(found, await copiedTargets(drill, store), BESIDE_SETS, ctx);
  } finally {
    const copies = await store.list(copiesOf(drill));
    await store.remove(copies.map(({ key }) => key));
  }
}

async function tryAll(
  found: readonly Found[],
  targets: readonly Target[],
  attempts: typeof ATTEMPTS,
  ctx: Ctx,
): Promise<Attempted[]> {
  const env = { clock: ctx.clock, signal: ctx.signal, random: Math.random };
  const all: Attempted[] = [];
  for (const { as, access } of found)
    for (const { key, versionId } of targets) {
      ctx.progress(`trying to erase ${key} with the keys of ${as}`);
      const { tried, whole } = await tryToErase(access, { key, versionId }, env, attempts);
      all.push({ as, key, whole, tried: tried.map(({ what, refused }) => ({ what, refused: refused ?? null })) });
    }
  return all;
}

interface Target {
  key: string;
  versionId: string;
}

/** The smallest object of each source, and what says that they are a set. */
const smallest = ({ set }: Pick<Drill, 'set'>): Pick<Artefact, 'key' | 'sha256'>[] => [
  ...set.manifest.sources.flatMap(({ artefacts }) => [...artefacts].sort((a, b) => a.size - b.size)[0] ?? []),
  { key: KEYS.manifest(set.manifest.id), sha256: set.sha256 },
];

async function wholeTargets(drill: Drill, ctx: Ctx): Promise<Target[]> {
  const store = await ctx.store(drill.target.site.name);
  return Promise.all(smallest(drill).map(async ({ key }) => versioned(key, (await store.head(key))?.versionId)));
}

/** Beside the sets and named as one that was never sealed: what a killed drill leaves expires as such. */
const copiesOf = ({ id }: Pick<Drill, 'id'>) => KEYS.file(id, 'trial/');

/** Errors: SET_ARTEFACT_CHANGED: nothing of the set that is not whole proves anything. */
async function copiedTargets(drill: Pick<Drill, 'id' | 'set'>, store: ObjectStore): Promise<Target[]> {
  const targets: Target[] = [];
  for (const [n, { key, sha256 }] of smallest(drill).entries()) {
    const bytes = await store.get(key);
    if (!bytes || sha256Of(bytes) !== sha256)
      throw new OpsError('SET_ARTEFACT_CHANGED', `cannot copy ${key} for the trial: it is not what the set says`);
    const copy = `${copiesOf(drill)}${n}`;
    targets.push(versioned(copy, (await store.put(copy, bytes)).versionId));
  }
  return targets;
}

function versioned(key: string, versionId: string | undefined): Target {
  if (versionId !== undefined) return { key, versionId };
  throw new OpsError('STORE_UNSAFE', `cannot try to erase ${key}: the store gives it no version`);
}

interface Found {
  as: string;
  access: StoreAccess;
}

/** As somebody finds them who has taken the site: in its Secrets. Each pair once. */
async function foundKeys(api: ClusterApi, known: StoreAccess): Promise<Found[]> {
  const places = [
    {
      namespace: DATABASE,
      name: 'pgbackrest',
      file: 'pgbackrest.conf',
      id: 'repo1-s3-key',
      secret: 'repo1-s3-key-secret',
    },
    { namespace: VELERO, name: CLOUD_SECRET, file: 'cloud', id: 'aws_access_key_id', secret: 'aws_secret_access_key' },
  ];
  const found: Found[] = [];
  for (const { namespace, name, file, id, secret } of places) {
    const text = await secretFile(api, namespace, name, file);
    const [accessKey, secretKey] = [settingOf(text, id), settingOf(text, secret)];
    if (!accessKey || !secretKey || found.some(({ access }) => access.accessKey.equals(accessKey))) continue;
    found.push({ as: `Secret ${namespace}/${name}`, access: { ...known, accessKey, secretKey } });
  }
  if (found.length > 0) return found;
  throw new OpsError('CHECK_UNRUN', 'cannot try the keys of the site: none lie in the Secrets of its cluster');
}

async function secretFile(api: ClusterApi, namespace: string, name: string, file: string): Promise<string> {
  try {
    const secret = await api.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
    const value = isRecord(secret?.data) ? secret.data[file] : undefined;
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  } catch (error) {
    if (isOpsError(error, 'CLUSTER_REFUSED')) return '';
    throw error;
  }
}

function settingOf(text: string, name: string): Secret | undefined {
  const line = text.split('\n').find(one => one.startsWith(`${name}=`));
  return line === undefined ? undefined : new Secret(line.slice(name.length + 1).trim());
}
