import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckResult } from '../../lib/backup/check.ts';
import { SET_CHECKS, type SetAtHand } from '../../lib/backup/checks/index.ts';
import { SET_DAMAGES } from '../../lib/backup/damages/index.ts';
import { readSet } from '../../lib/backup/manifest.ts';
import { runChecks } from '../../lib/backup/run-checks.ts';
import { KEYS, SOURCES } from '../../lib/backup/set.ts';
import { copySet, type RestorableCopy } from '../../lib/backup/set-copy.ts';
import { readPublicKey } from '../../lib/backup/signer.ts';
import type { SetCopy } from '../../lib/backup/source.ts';
import { escrowIn, idOf, NOON, publicKeyIn, type SetWorld, setWorld } from './set-world.ts';

const test = suite<{ world: SetWorld; copy: RestorableCopy; look(other?: Partial<SetAtHand>): Promise<CheckResult[]> }>(
  'damages',
);
test.before.each(async context => {
  const world = await setWorld();
  await world.backup(idOf(1));
  const set = await readSet(world.store, idOf(1), { site: 'unit', publicKey: await readPublicKey(publicKeyIn(world)) });
  const { privateKey: signer } = generateKeyPairSync('ed25519');
  const copy = await copySet(set, world.store, world.endpoint.bucket('copy'), {
    signer,
    escrow: escrowIn(world),
    directory: join(world.dir, 'copy'),
  });
  const look = (other: Partial<SetAtHand> = {}) =>
    runChecks(SET_CHECKS, {
      site: world.site,
      store: copy.store,
      id: idOf(1),
      publicKey: createPublicKey(signer),
      escrow: copy.escrow,
      at: new Date(NOON),
      ...other,
    });
  Object.assign(context, { world, copy, look });
});
test.after.each(({ world }) => world.close());

const states = (results: readonly CheckResult[]) => results.map(({ id, state }) => `${id} ${state}`);
const ALL = ['signature', 'site', 'complete', 'age', 'escrow', 'artefacts'].map(name => `set.${name} passed`);
const failed = (results: readonly CheckResult[]) => results.filter(({ state }) => state === 'failed');

for (const { id, title, plant, expect } of SET_DAMAGES) {
  test(`${id} is found and named, and the copy is whole again afterwards: ${title}`, async ({ copy, look }) => {
    assert.equal(states(await look()), ALL);
    await plant(copy);
    const [first] = failed(await look({ id: copy.set.manifest.id }));
    assert.equal(
      { code: first?.code, level: first?.level, required: first?.required },
      { code: expect.code, level: expect.level, required: true },
    );
    await copy.restore();
    assert.equal(states(await look()), ALL);
  });
}

test('damages have ids of their own, and each source has its own of every kind', () => {
  assert.is(new Set(SET_DAMAGES.map(({ id }) => id)).size, SET_DAMAGES.length);
  for (const kind of ['object-missing', 'object-truncated', 'bit-flipped', 'key-missing'])
    assert.equal(SOURCES.filter(source => SET_DAMAGES.some(({ id }) => id === `${source}/${kind}`)).length, 3, kind);
});

test('both of two exchanged objects are named', async ({ copy, look }) => {
  await SET_DAMAGES.find(({ id }) => id === 'postgres/exchanged')?.plant(copy);
  assert.is(failed(await look())[0]?.details?.length, 2);
});

test('damage that nobody listed is found too: bytes appended, an object emptied', async ({ copy, look }) => {
  const [a = ''] = keysOf(copy);
  const one = (await copy.store.get(a)) ?? new Uint8Array();
  await copy.store.put(a, Buffer.concat([one, Buffer.from('!')]));
  assert.is(failed(await look())[0]?.code, 'SET_ARTEFACT_CHANGED');
  await copy.restore();
  await copy.store.put(a, '');
  assert.is(failed(await look())[0]?.code, 'SET_ARTEFACT_TRUNCATED');
});

const keysOf = ({ set }: SetCopy) => set.manifest.sources.flatMap(part => part.artefacts).map(({ key }) => key);

test('a finding names the key and its source, and says when an old version is still whole', async ({
  world,
  look,
  copy,
}) => {
  const key = `velero/${idOf(1)}/large`;
  await copy.reseal();
  await copy.store.remove([key]);
  const [first] = failed(await look());
  assert.match(first?.got ?? '', `velero: ${key}: not there; its version v`);
  assert.ok(world.endpoint.calls.length > 0);
});

test('the source of a copy is never written to', async ({ world, copy }) => {
  const before = await world.store.list('');
  for (const { plant } of SET_DAMAGES) {
    await plant(copy);
    await copy.restore();
  }
  assert.equal(await world.store.list(''), before);
});

test('a copy that is put back fetches only what was touched', async ({ world, copy }) => {
  const key = `postgres/${idOf(1)}/large`;
  await copy.store.put(key, 'other');
  await copy.store.put('strange', 'x');
  world.endpoint.calls.length = 0;
  await copy.restore();
  assert.equal(
    world.endpoint.calls.filter(call => call.startsWith('copy ')),
    [`copy ${key}`],
  );
  assert.not(world.endpoint.peek('copy', 'strange'));
});

test('a damage that was there before the backup was sealed passes here: only what reads the data finds it', async ({
  copy,
  look,
}) => {
  await copy.store.put(`postgres/${idOf(1)}/large`, 'rubbish');
  await copy.store.remove([`velero/${idOf(1)}/large`]);
  await copy.reseal();
  assert.equal(states(await look()), ALL);
  assert.not(keysOf(copy).includes(`velero/${idOf(1)}/large`));
});

test('a point in the future is no fresh backup, but clocks may differ by minutes', async ({ look }) => {
  const age = async (minutes: number) => (await look({ at: new Date(NOON - minutes * 60_000) }))[3]?.state;
  assert.equal(
    [await age(4), await age(6), await age(-24 * 60), await age(-24 * 60 - 1)],
    ['passed', 'failed', 'passed', 'failed'],
  );
});

test('an identity that is kept offline leaves the escrow unrun; one that should be here and is not fails it', async ({
  copy,
  look,
}) => {
  const { identityFile, ...offline } = copy.escrow;
  assert.is((await look({ escrow: offline }))[4]?.code, 'CHECK_UNRUN');
  const [, , , , lost] = await look({ escrow: { ...offline, identityFile: `${identityFile}.gone` } });
  assert.equal([lost?.state, lost?.code], ['failed', 'KEY_MISSING']);
});

test('with the store away nothing is failed and nothing passed: every check is unrun, by that name', async ({
  world,
  look,
}) => {
  world.endpoint.away = true;
  for (const { state, code } of (await look()).filter(({ id }) => id !== 'set.escrow'))
    assert.equal({ state, code }, { state: 'unrun', code: 'STORE_UNREACHABLE' });
});

test('a store that goes away half-way leaves the objects unrun, not missing', async ({ world, look }) => {
  world.endpoint.calls.length = 0;
  await look();
  world.endpoint.away = world.endpoint.calls.length - 3;
  const last = (await look()).at(-1);
  assert.equal([last?.id, last?.state, last?.code], ['set.artefacts', 'unrun', 'STORE_UNREACHABLE']);
});

test('with a manifest that is not trusted, nothing is said of what stands in it', async ({ copy, look }) => {
  await copy.store.put(KEYS.manifest(idOf(1)), '{}');
  const [first, ...others] = await look();
  assert.equal([first?.state, first?.code], ['failed', 'MANIFEST_CHANGED']);
  for (const { state, code } of others) assert.equal({ state, code }, { state: 'unrun', code: 'CHECK_UNRUN' });
});

test.run();
