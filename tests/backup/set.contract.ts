import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckResult } from '../../lib/backup/check.ts';
import { SET_CHECKS } from '../../lib/backup/checks/index.ts';
import { SET_DAMAGES } from '../../lib/backup/damages/index.ts';
import { listSets } from '../../lib/backup/list.ts';
import { readSet } from '../../lib/backup/manifest.ts';
import { runChecks } from '../../lib/backup/run-checks.ts';
import { copySet, type RestorableCopy } from '../../lib/backup/set-copy.ts';
import { readPublicKey } from '../../lib/backup/signer.ts';
import { endServer } from '../../lib/backup/store/process.ts';
import type { ObjectStore } from '../../lib/engine/index.ts';
import { openBucket, openStore } from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { escrowIn, idOf, NOON, publicKeyIn, type SetWorld, setWorld, siteOf } from './set-world.ts';
import { type StoreWorld, storeWorld } from './store-world.ts';

interface Context {
  server: StoreWorld;
  world: SetWorld;
  copy: RestorableCopy;
  look(store?: ObjectStore): Promise<CheckResult[]>;
}

// What the tests in memory promise, on the store that a lab has: what differs is in the store, not in us.
const test = suite<Context>('sets on a real store');
test.before(async context => {
  const server = await storeWorld('set-test');
  await server.run();
  const admin = await server.access('admin');
  const access = { ...admin, bucket: 'muster-set-copy' };
  const bucket = openBucket(access, server.env);
  await bucket.harden();
  bucket.close();
  const site = openStore(await server.access('site'), server.env);
  const world = await setWorld(siteOf('set-test'), {
    bucket: () => site,
    peek: () => undefined,
    away: false,
    calls: [],
  });
  await world.backup(idOf(1));
  const set = await readSet(site, idOf(1), { site: 'set-test', publicKey: await readPublicKey(publicKeyIn(world)) });
  const { privateKey: signer } = generateKeyPairSync('ed25519');
  const options = { signer, escrow: escrowIn(world), directory: join(world.dir, 'copy') };
  const copy = await copySet(set, openStore(admin, server.env), openStore(access, server.env), options);
  const look = (store = copy.store) =>
    runChecks(SET_CHECKS, {
      site: world.site,
      store,
      // A damage may be that the set goes by another name.
      id: copy.set.manifest.id,
      publicKey: createPublicKey(signer),
      escrow: copy.escrow,
      at: new Date(NOON),
    });
  Object.assign(context, { server, world, copy, look });
});
test.after(async ({ server, world }) => {
  world.store.close();
  await server.close();
  world.close();
});

const failed = (results: readonly CheckResult[]) => results.filter(({ state }) => state === 'failed');

test('a set is sealed by the site itself, which may add and read: all of it reads back, with its versions', async ({
  world,
}) => {
  const set = await readSet(world.store, idOf(1), {
    site: 'set-test',
    publicKey: await readPublicKey(publicKeyIn(world)),
  });
  const artefacts = set.manifest.sources.flatMap(part => part.artefacts);
  assert.is(artefacts.length, 6);
  assert.ok(artefacts.every(({ versionId }) => versionId !== null));
  assert.equal(await world.backup(idOf(1)), []);
});

for (const { id, title, plant, expect } of SET_DAMAGES) {
  test(`${id} is found, and undone: ${title}`, async ({ copy, look }) => {
    await plant(copy);
    assert.is(failed(await look())[0]?.code, expect.code);
    await copy.restore();
    assert.equal(failed(await look()), []);
  });
}

test('an object that was removed is missing, though the bucket still has its version; that is said', async ({
  copy,
  look,
}) => {
  const [artefact] = copy.set.manifest.sources[0]?.artefacts ?? [];
  await copy.reseal();
  await copy.store.remove([artefact?.key ?? '']);
  assert.match(failed(await look())[0]?.got ?? '', 'not there; its version');
  await copy.restore();
});

test('old sets expire with the rights of the site, and leave a tombstone', async ({ world }) => {
  for (const n of [2, 3]) await world.backup(idOf(n));
  const publicKey = await readPublicKey(publicKeyIn(world));
  const { rows, vanished } = await listSets(world.store, {
    site: world.site,
    publicKey,
    now: new Date(NOON),
    proven: () => undefined,
  });
  assert.equal(
    [rows.map(({ id, complete }) => [id, complete]), vanished],
    [
      [
        [idOf(3), true],
        [idOf(2), true],
      ],
      [],
    ],
  );
});

test('with the server gone nothing is failed: what it would have said is not known', async ({ server, look }) => {
  await endServer(server.files, systemClock);
  const results = await look();
  assert.equal(failed(results), []);
  assert.equal(
    results.map(({ state, code }) => `${state} ${code}`),
    Array(6).fill('unrun STORE_UNREACHABLE'),
  );
});

test.run();
