import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AuditAtHand } from '../../lib/backup/audit/index.ts';
import { replicaChecks } from '../../lib/backup/audit/replica.ts';
import { replicateStep } from '../../lib/backup/replicate.ts';
import { runChecks } from '../../lib/backup/run-checks.ts';
import { readPublicKey } from '../../lib/backup/signer.ts';
import { sealOf } from '../../lib/backup/steps.ts';
import { OpsError } from '../../lib/errors/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { openBucket, openStore, replicaOf } from '../../lib/store/index.ts';
import { escrowIn, idOf, publicKeyIn, type SetWorld, setWorld, siteOf } from './set-world.ts';
import { type StoreWorld, s3Place, storeWorld } from './store-world.ts';

/** The store in memory, which goes away; its replica on a real server. */
interface Context {
  far: StoreWorld;
  world: SetWorld;
  site: Site;
  /** Without a word to the store. */
  audited(): Promise<Record<string, string>>;
  replicate(id: string): Promise<string[]>;
}

const BUCKET = 'muster-far';

const replica = suite<Context>('a replica');
replica.before.each(async context => {
  const far = await storeWorld('far');
  await far.run();
  const near = siteOf();
  const { kind: _, ...place } = await s3Place(far, 'admin', BUCKET);
  const store = { ...place, kind: 's3', endpoint: 'https://127.0.0.1:1', bucket: 'near', replica: place };
  const site = { ...near, path: far.site.path, backup: { ...near.backup, store } } as unknown as Site;
  const world = await setWorld(site);
  const own = replicaOf(site);
  assert.ok(own);
  const bucket = openBucket({ ...(await far.access('admin')), bucket: BUCKET }, far.env);
  await bucket.harden();
  bucket.close();
  const of = sealOf(site, world.place);
  Object.assign(context, {
    ...{ far, world, site },
    replicate: (id: string) => world.run([replicateStep(of, own, id, [])]),
    async audited() {
      const opened = openStore({ ...(await far.access('admin')), bucket: BUCKET }, far.env);
      const away = () => Promise.reject(new OpsError('STORE_UNREACHABLE', 'the store is gone'));
      const at = {
        ...{ site, now: new Date(world.now), escrow: escrowIn(world), store: away, sets: away, objects: away },
        ...{ replica: async () => opened, publicKey: () => readPublicKey(publicKeyIn(world)) },
      } as unknown as AuditAtHand;
      const results = await runChecks(replicaChecks, at).finally(opened.close);
      return Object.fromEntries(results.map(({ id, state, code }) => [id, code ?? state]));
    },
  });
});
replica.after.each(async ({ far, world }) => {
  world.close();
  await far.close();
});

replica('has a set, whole, when the store that it came from is gone', async of => {
  await of.world.backup(idOf(1));
  assert.equal(await of.replicate(idOf(1)), ['set.replicate']);
  assert.equal(await of.replicate(idOf(1)), []);
  of.world.endpoint.away = true;
  const calls = of.world.endpoint.calls.length;
  const seen = await of.audited();
  assert.equal([...new Set(Object.values(seen))], ['passed'], JSON.stringify(seen));
  assert.is(of.world.endpoint.calls.length, calls);
});

replica('is found to lack an object, to be old, and to be empty', async of => {
  assert.is((await of.audited())['audit.replica.artefacts'], 'SET_ABSENT');
  await of.world.backup(idOf(1));
  await of.replicate(idOf(1));
  const store = openStore({ ...(await of.far.access('admin')), bucket: BUCKET }, of.far.env);
  await store.remove([`velero/${idOf(1)}/large`]);
  store.close();
  of.world.now += 25 * 3_600_000;
  const seen = await of.audited();
  assert.is(seen['audit.replica.artefacts'], 'SET_ARTEFACT_MISSING');
  assert.is(seen['audit.replica.age'], 'SET_STALE');
});

replica('gets what was written again, and has no manifest of a set that did not come whole', async of => {
  await of.world.backup(idOf(1));
  await of.replicate(idOf(1));
  await of.world.backup(idOf(2));
  const key = `velero/${idOf(2)}/large`;
  await of.world.store.put(key, 'other bytes than those that were signed');
  const error = await of.replicate(idOf(2)).then(String, thrown => thrown);
  assert.match(error.code, 'SET_ARTEFACT_');
  const store = openStore({ ...(await of.far.access('admin')), bucket: BUCKET }, of.far.env);
  assert.is(await store.head(`sets/${idOf(2)}/manifest.json`), undefined);
  assert.ok(await store.head(`sets/${idOf(1)}/manifest.json`));
  store.close();
});

replica.run();
