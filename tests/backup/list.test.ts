import { generateKeyPairSync } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { generations } from '../../lib/backup/escrow/generations.ts';
import { setExpireStep } from '../../lib/backup/expire.ts';
import { listSets, newestComplete } from '../../lib/backup/list.ts';
import { readSet, writeManifest } from '../../lib/backup/manifest.ts';
import { KEYS } from '../../lib/backup/set.ts';
import { readSigner } from '../../lib/backup/sign.ts';
import { readPublicKey } from '../../lib/backup/signer.ts';
import { sealOf } from '../../lib/backup/steps.ts';
import { writeTombstone } from '../../lib/backup/tombstone.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { Secret } from '../../lib/secret/index.ts';
import { escrowIn, idOf, leavePart, publicKeyIn, type SetWorld, setWorld } from './set-world.ts';

const HOUR = 3_600_000;
const test = suite<{ world: SetWorld }>('list');
test.before.each(async context => {
  context.world = await setWorld();
});
test.after.each(({ world }) => world.close());

const list = async (world: SetWorld, proven = (_: string): Date | undefined => undefined) =>
  listSets(world.store, {
    site: world.site,
    publicKey: await readPublicKey(publicKeyIn(world)),
    now: new Date(world.now),
    proven,
  });
const brief = async (world: SetWorld) =>
  (await list(world)).rows.map(
    ({ id, complete, problem }) => `${id.slice(-1)} ${complete ? 'complete' : problem?.code}`,
  );
const keysOf = async ({ store }: SetWorld, id: string) =>
  (await store.list(`${KEYS.sets}${id}/`)).map(({ key }) => key.split('/').at(-1));
const hide = async ({ store }: SetWorld, id: string) =>
  store.remove((await store.list(`${KEYS.sets}${id}/`)).map(({ key }) => key));

test('a set is listed with its age, size, sources, trigger and last proof, the newest first', async ({ world }) => {
  await world.backup(idOf(1));
  world.now += HOUR;
  await world.backup(idOf(2), { trigger: 'schedule' });
  const { rows, vanished } = await list(world, id => (id === idOf(1) ? new Date(0) : undefined));
  assert.equal(vanished, []);
  const size = (await world.store.list(''))
    .filter(({ key }) => key.includes(idOf(1)) && /small|large/.test(key))
    .reduce((sum, object) => sum + object.size, 0);
  const [second, first] = rows.map(({ set: _, ...row }) => row);
  assert.equal(first, {
    id: idOf(1),
    proven: new Date(0),
    age: HOUR,
    size,
    complete: true,
    sources: ['control-plane', 'postgres', 'velero'],
    trigger: 'person',
  });
  assert.equal([second?.id, second?.age, second?.trigger, second?.proven], [idOf(2), 0, 'schedule', undefined]);
  assert.is(newestComplete(rows)?.id, idOf(2));
  assert.is(newestComplete(rows, 'person')?.id, idOf(1));
});

test('the files in its volumes are told beside the objects of a set, of which they are none', async ({ world }) => {
  await world.backup(idOf(1));
  const publicKey = await readPublicKey(publicKeyIn(world));
  const { manifest } = await readSet(world.store, idOf(1), { site: 'unit', publicKey });
  const entry = { mode: '0644', uid: 0, gid: 0 };
  const volume = (sizes: readonly number[]) => ({
    ...{ namespace: 'app', claim: 'data', volume: 'data', pod: 'one', snapshot: 'k1', moving: ['log'] },
    files: [
      { ...entry, path: '.', kind: 'directory' as const },
      ...sizes.map((size, n) => ({ ...entry, path: `${n}`, kind: 'file' as const, size, sha256: 'f'.repeat(64) })),
    ],
  });
  const sources = manifest.sources.map(part =>
    part.source === 'velero' ? { ...part, facts: { ...part.facts, volumes: [volume([5, 7]), volume([30])] } } : part,
  );
  await writeManifest(world.store, { ...manifest, id: idOf(2), sources }, await readSigner(world.secrets));
  const [second, first] = (await list(world)).rows;
  assert.equal([second?.volumeSize, first?.volumeSize], [42, undefined]);
  assert.is(second?.size, first?.size);
});

test('what was never sealed, was changed or is of another site is listed as no backup, by its reason', async ({
  world,
}) => {
  for (const n of [1, 2]) await world.backup(idOf(n));
  await leavePart(world.store, idOf(3), 'postgres', new Date(world.now));
  await world.store.put(KEYS.manifest(idOf(2)), '{}');
  const { manifest } = await readSet(world.store, idOf(1), {
    site: 'unit',
    publicKey: await readPublicKey(publicKeyIn(world)),
  });
  const signer = await readSigner(world.secrets);
  await writeManifest(world.store, { ...manifest, id: idOf(4), site: 'other' }, signer);
  await writeManifest(world.store, { ...manifest, id: idOf(5), sources: manifest.sources.slice(1) }, signer);
  assert.equal(await brief(world), [
    '5 SET_INCOMPLETE',
    '4 SET_FOREIGN',
    '3 SET_INCOMPLETE',
    '2 MANIFEST_CHANGED',
    '1 complete',
  ]);
  assert.is(newestComplete((await list(world)).rows)?.id, idOf(1));
});

test('a store that does not answer is no list of no sets', async ({ world }) => {
  await world.backup(idOf(1));
  world.endpoint.away = 1;
  const outcome = await list(world).catch((error: unknown) => error);
  assert.ok(isOpsError(outcome, 'STORE_UNREACHABLE'));
});

test('the oldest sets beyond the number expire, and leave a signed tombstone', async ({ world }) => {
  for (const n of [1, 2, 3]) await world.backup(idOf(n));
  assert.equal(await brief(world), ['3 complete', '2 complete']);
  assert.equal(await keysOf(world, idOf(1)), ['expired.json', 'expired.sig']);
  assert.equal((await list(world)).vanished, []);
  const publicKey = await readPublicKey(publicKeyIn(world));
  const outcome = await readSet(world.store, idOf(1), { site: 'unit', publicKey }).catch((error: unknown) => error);
  assert.match(isOpsError(outcome, 'SET_ABSENT') ? outcome.message : '', 'it expired at 2026-11-21T12:00:00.000Z');
});

test('only what lies below sets/ is removed: the tools expire their own', async ({ world }) => {
  for (const n of [1, 2, 3]) await world.backup(idOf(n));
  assert.ok(await world.store.head(`postgres/${idOf(1)}/large`));
});

test('a set that is gone without a tombstone of its own, signed by the site, has vanished', async ({ world }) => {
  for (const n of [1, 2]) await world.backup(idOf(n));
  const set = await readSet(world.store, idOf(1), { site: 'unit', publicKey: await readPublicKey(publicKeyIn(world)) });
  await hide(world, idOf(1));
  assert.equal((await list(world)).vanished, [idOf(1)]);
  const { privateKey: stranger } = generateKeyPairSync('ed25519');
  await writeTombstone(world.store, set, new Date(world.now), stranger);
  assert.equal((await list(world)).vanished, [idOf(1)]);
  const signer = await readSigner(world.secrets);
  await writeTombstone(world.store, { ...set, sha256: 'f'.repeat(64) }, new Date(world.now), signer);
  assert.equal((await list(world)).vanished, [idOf(1)]);
  await world.backup(idOf(3));
  assert.equal((await list(world)).vanished, [idOf(1)]);
  await writeTombstone(world.store, set, new Date(world.now), signer);
  assert.equal((await list(world)).vanished, []);
});

test('an expiry that was killed at any call is finished by the next, and no set is ever taken for vanished', async ({
  world,
}) => {
  for (const n of [1, 2]) await world.backup(idOf(n));
  const steps = [
    setExpireStep(
      {
        ...sealOf(world.site, world.place),
        site: { ...world.site, backup: { ...world.site.backup, keep: 1 } as never },
      },
      [],
    ),
  ];
  const whole = new Map((await world.store.list('')).map(({ key }) => [key, world.endpoint.peek('muster-unit', key)]));
  for (let calls = 0; ; calls++) {
    world.endpoint.away = calls;
    const done = await world
      .run(steps)
      .then(() => true)
      .catch(() => false);
    world.endpoint.away = false;
    assert.equal((await list(world)).vanished, [], `killed after ${calls} calls`);
    assert.is((await brief(world))[0], '2 complete');
    if (done) break;
    await world.run(steps);
    // A signature of nothing may stay behind: it is no set, and nobody takes it for one.
    const left = (await keysOf(world, idOf(1))).filter(name => name !== 'manifest.sig');
    assert.equal(left, ['expired.json', 'expired.sig'], `killed after ${calls} calls`);
    assert.equal(await brief(world), ['2 complete'], `killed after ${calls} calls`);
    for (const [key, bytes] of whole) await world.store.put(key, bytes ?? '');
    await world.store.remove([KEYS.file(idOf(1), 'expired.json'), KEYS.file(idOf(1), 'expired.sig')]);
    assert.ok(calls < 200);
  }
});

test('a generation of the escrow stays until the last set that needs it has expired', async ({ world }) => {
  const at = escrowIn(world);
  await world.backup(idOf(1));
  await world.secrets.put('app/password', new Secret('a new one'));
  for (const [n, left] of [
    [2, [1, 2]],
    [3, [2]],
    [4, [2]],
  ] as const) {
    await world.backup(idOf(n));
    assert.equal(await generations(at), left, `after set ${n}`);
  }
});

test.run();
