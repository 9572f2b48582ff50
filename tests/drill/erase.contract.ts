import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonical } from '../../lib/backup/canonical.ts';
import { KEYS } from '../../lib/backup/index.ts';
import { sha256Of } from '../../lib/backup/sign.ts';
import { eraseStep, readAttempts } from '../../lib/drill/erase.ts';
import type { Drill } from '../../lib/drill/scenario.ts';
import { copiesResult, historyResult } from '../../lib/drill/scenarios/erase-attempt.ts';
import { type ClusterApi, type ObjectStore, runSteps } from '../../lib/engine/index.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { openBucket, openStore, type Role } from '../../lib/store/index.ts';
import { type StoreWorld, storeWorld } from '../backup/store-world.ts';
import { memoryGate, newEnv, newWorld } from '../engine/world.ts';
import { MANIFEST } from './sample.ts';

interface Context {
  s3: StoreWorld;
  dir: string;
  store: ObjectStore;
  /** The set, as it is in the bucket: key and version of all that the trial looks at. */
  set: Drill['set'];
}

const test = suite<Context>('the rehearsal of erase-attempt, on a real store');
test.before(async context => {
  context.s3 = await storeWorld('erase-trial');
  await context.s3.run();
  context.store = openStore(await context.s3.access('site'), context.s3.env);
});
test.before.each(async context => {
  context.dir = mkdtempSync(join(tmpdir(), 'muster-erase-'));
  const { store } = context;
  const key = `sets/${MANIFEST.id}/state.db.gz`;
  await store.put(key, 'the datastore');
  const [source] = MANIFEST.sources;
  if (!source) throw new Error('no source');
  const artefacts = [{ key, versionId: null, size: 13, sha256: sha256Of('the datastore') }];
  const manifest = { ...MANIFEST, sources: [{ ...source, artefacts }] } as typeof MANIFEST;
  await store.put(KEYS.manifest(MANIFEST.id), canonical(manifest));
  context.set = { manifest, sha256: sha256Of(canonical(manifest)) };
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true }));
test.after(async ({ s3, store }) => {
  store.close();
  await s3.close();
});

const DRILL = '20261122T000000Z-00000000';

/** As they lie in the cluster of a site on EKS, which has Velero's alone. */
async function secretsWith({ s3 }: Context, role: Role): Promise<Pick<ClusterApi, 'get'>> {
  const { accessKey, secretKey } = await s3.access(role);
  const cloud = `[default]\naws_access_key_id=${accessKey.reveal()}\naws_secret_access_key=${secretKey.reveal()}\n`;
  return {
    get: async ref =>
      ref.namespace === 'velero'
        ? ({ ...ref, metadata: { name: ref.name }, data: { cloud: Buffer.from(cloud).toString('base64') } } as never)
        : undefined,
  };
}

async function tried(context: Context, role: Role) {
  const { s3, dir, store, set } = context;
  const target = { site: { ...s3.site, name: 'erase-trial' } };
  const drill = { id: DRILL, mode: 'rehearse', folder: dir, set, target } as unknown as Drill;
  const env = newEnv(newWorld(), dir);
  const api = await secretsWith(context, role);
  const ports = { ...env.ports, secrets: s3.secrets, cluster: async () => api as ClusterApi, store: async () => store };
  const run = { ...env.run, dirs: { ...env.run.dirs, project: s3.project } };
  await runSteps([eraseStep(drill)], { ...env, ports, run }, memoryGate());
  return readAttempts(drill);
}

/** Every version of the set and of the bucket's settings. */
async function whole({ s3, store, set }: Context) {
  const bucket = openBucket(await s3.access('admin'), s3.env);
  try {
    const listed = await store.list(`sets/${set.manifest.id}/`);
    const heads = await Promise.all(listed.map(({ key }) => store.head(key)));
    return { versions: heads.map(one => `${one?.key} ${one?.versionId}`), settings: await bucket.inspect() };
  } finally {
    bucket.close();
  }
}

test('with the keys of the site all is refused, on copies: the set is not even written to', async context => {
  const before = await whole(context);
  const all = await tried(context, 'site');
  assert.is(historyResult(all, 'rehearse').state, 'passed', historyResult(all, 'rehearse').got);
  assert.is(copiesResult(all).state, 'passed');
  assert.equal(
    all?.map(({ as, key }) => [as, key]),
    [0, 1].map(n => ['Secret velero/cloud-credentials', `sets/${DRILL}/trial/${n}`]),
  );
  assert.equal(await whole(context), before);
  // Nobody takes what is left of it for a set.
  assert.equal(await context.store.list(`sets/${DRILL}/`), []);
});

test('keys that may erase history are found out, and neither the set nor the bucket is harmed by it', async context => {
  const before = await whole(context);
  const all = await tried(context, 'admin');
  const [history, copies] = [historyResult(all, 'rehearse'), copiesResult(all)];
  assert.is(history.code, 'HISTORY_ERASABLE');
  assert.match(history.details?.join('\n') ?? '', 'may remove a version');
  assert.is(copies.state, 'failed');
  assert.equal(await whole(context), before);
  assert.equal(await context.store.list(`sets/${DRILL}/`), []);
});

test('a set that is not what its manifest says is not tried on', async context => {
  await context.store.put(`sets/${MANIFEST.id}/state.db.gz`, 'another');
  const error = await tried(context, 'site').catch(thrown => thrown);
  assert.ok(isOpsError(error, 'SET_ARTEFACT_CHANGED'), String(error));
  assert.equal(await context.store.list(`sets/${DRILL}/`), []);
});

test.run();
