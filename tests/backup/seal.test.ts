import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSet } from '../../lib/backup/manifest.ts';
import { KEYS } from '../../lib/backup/set.ts';
import { readSigner, signBytes } from '../../lib/backup/sign.ts';
import { readPublicKey } from '../../lib/backup/signer.ts';
import { idOf, publicKeyIn, refusal, type SetWorld, setWorld, siteOf } from './set-world.ts';

const test = suite<{ world: SetWorld }>('seal');
test.before.each(async context => {
  context.world = await setWorld();
});
test.after.each(({ world }) => world.close());

const read = async (world: SetWorld, id: string, site = world.site.name) =>
  readSet(world.store, id, { site, publicKey: await readPublicKey(publicKeyIn(world)) });

test('a backup is sealed once: manifest and signature verify, and a second run changes nothing', async ({ world }) => {
  assert.equal(await world.backup(idOf(1)), ['set.signer', 'escrow.seal', 'set.public-key', 'set.seal']);
  const { manifest } = await read(world, idOf(1));
  assert.equal(
    manifest.sources.map(({ source }) => source),
    ['control-plane', 'postgres', 'velero'],
  );
  assert.is(manifest.previous, null);
  assert.is(manifest.escrowGeneration, 1);
  assert.is(manifest.commit, 'c0ffee');
  assert.is(manifest.takenAt, '2026-11-21T12:00:00.000Z');
  const before = world.endpoint.peek('muster-unit', KEYS.manifest(idOf(1)));
  assert.equal(await world.backup(idOf(1)), []);
  assert.is(world.endpoint.peek('muster-unit', KEYS.manifest(idOf(1))), before);
});

test('the manifest names the version of each object that was read back', async ({ world }) => {
  await world.backup(idOf(1));
  const { manifest } = await read(world, idOf(1));
  for (const { key, versionId, size } of manifest.sources.flatMap(part => part.artefacts)) {
    const head = await world.store.head(key);
    assert.is(versionId, head?.versionId);
    assert.is(size, head?.size);
  }
});

test('a set names the one before it, by the digest of its manifest; a damaged one is no link', async ({ world }) => {
  for (const n of [1, 2, 3]) await world.backup(idOf(n));
  const second = await read(world, idOf(2));
  assert.equal((await read(world, idOf(3))).manifest.previous, { id: idOf(2), sha256: second.sha256 });
  await world.store.put(KEYS.manifest(idOf(3)), '{}');
  await world.backup(idOf(4));
  assert.is((await read(world, idOf(4))).manifest.previous?.id, idOf(2));
});

test('a store that keeps other bytes than it was given has no set', async ({ world }) => {
  const { put } = world.store;
  world.store.put = (key, body, options) => put(key, key.endsWith('.sig') ? `${body} ` : body, options);
  await refusal(world.backup(idOf(1)), 'MANIFEST_CHANGED');
});

test("a set that another site signed is named for what it is: another site's", async ({ world }) => {
  const other = await setWorld(siteOf('other'));
  await other.backup(idOf(1));
  for (const key of [KEYS.manifest(idOf(1)), KEYS.signature(idOf(1))])
    await world.store.put(key, (await other.store.get(key)) ?? '');
  other.close();
  await world.backup(idOf(2));
  await refusal(read(world, idOf(1)), 'SET_FOREIGN');
});

test('a source that left no part is named, and nothing is sealed', async ({ world }) => {
  const error = await refusal(world.backup(idOf(1), { without: 'velero' }), 'SET_INCOMPLETE');
  assert.match(error.message, 'velero: it left no part');
  await refusal(read(world, idOf(1)), 'SET_ABSENT');
});

for (const [how, code, spoil] of [
  ['gone', 'SET_ARTEFACT_MISSING', (world: SetWorld, key: string) => world.store.remove([key])],
  ['cut', 'SET_ARTEFACT_TRUNCATED', (world: SetWorld, key: string) => world.store.put(key, 'short')],
  [
    'another',
    'SET_ARTEFACT_CHANGED',
    (world: SetWorld, key: string) => world.store.put(key, 'A larger object of postgres in '.concat(idOf(1))),
  ],
] as const) {
  test(`an object that is ${how} when it is read back keeps the set from being sealed`, async ({ world }) => {
    const key = `postgres/${idOf(1)}/large`;
    const put = world.store.put;
    world.store.put = async (name, body, options) => {
      const stored = await put(name, body, options);
      if (name === KEYS.part(idOf(1), 'postgres')) await spoil({ ...world, store: { ...world.store, put } }, key);
      return stored;
    };
    const error = await refusal(world.backup(idOf(1)), code);
    assert.match(error.message, key);
    assert.not(world.endpoint.peek('muster-unit', KEYS.manifest(idOf(1))));
  });
}

test('a run that was killed between signature and manifest has sealed nothing, and the next one seals', async ({
  world,
}) => {
  const put = world.store.put;
  world.store.put = async (key, body, options) => {
    if (key === KEYS.manifest(idOf(1))) throw new Error('killed');
    return put(key, body, options);
  };
  await refusal(world.backup(idOf(1)), 'INTERNAL');
  assert.ok(world.endpoint.peek('muster-unit', KEYS.signature(idOf(1))));
  await refusal(read(world, idOf(1)), 'SET_ABSENT');
  world.store.put = put;
  assert.equal(await world.backup(idOf(1)), ['set.seal']);
});

test('a changed, unsigned, misplaced, foreign or senseless manifest is refused, each by its name', async ({
  world,
}) => {
  await world.backup(idOf(1));
  const bytes = Buffer.from(world.endpoint.peek('muster-unit', KEYS.manifest(idOf(1))) ?? '');
  const signature = Buffer.from(world.endpoint.peek('muster-unit', KEYS.signature(idOf(1))) ?? '');
  await refusal(read(world, '../../etc/passwd'), 'SET_ABSENT');
  await refusal(read(world, idOf(9)), 'SET_ABSENT');
  await refusal(read(world, idOf(1), 'other'), 'SET_FOREIGN');
  await world.store.put(KEYS.manifest(idOf(2)), bytes);
  await world.store.put(KEYS.signature(idOf(2)), signature);
  await refusal(read(world, idOf(2)), 'MANIFEST_CHANGED');
  for (const at of [0, 100, bytes.length - 2]) {
    await world.store.put(
      KEYS.manifest(idOf(1)),
      bytes.map((byte, n) => (n === at ? byte ^ 1 : byte)),
    );
    await refusal(read(world, idOf(1)), 'MANIFEST_CHANGED');
  }
  await world.store.put(KEYS.manifest(idOf(1)), bytes);
  await read(world, idOf(1));
  for (const flaw of ['', '{}', '{"__proto__":{}}', 'null', '['.repeat(100_000)]) {
    await world.store.put(KEYS.signature(idOf(1)), flaw);
    await refusal(read(world, idOf(1)), 'MANIFEST_CHANGED');
  }
  await world.store.remove([KEYS.signature(idOf(1))]);
  assert.match((await refusal(read(world, idOf(1)), 'MANIFEST_CHANGED')).message, 'is not there');
});

test('a manifest that is signed and breaks the schema is refused, whatever stands in it', async ({ world }) => {
  await world.backup(idOf(1));
  const signer = await readSigner(world.secrets);
  const good = JSON.parse(Buffer.from(world.endpoint.peek('muster-unit', KEYS.manifest(idOf(1))) ?? '').toString());
  const part = good.sources.find(({ source }: { source: string }) => source === 'postgres');
  const at = (lsn: string) => ({
    ...part,
    facts: { ...part.facts, restorePoint: { ...part.facts.restorePoint, lsn } },
  });
  for (const flawed of [
    { ...good, schema: 2 },
    { ...good, sources: [at('0/G')] },
    { ...good, sources: [at('28')] },
    { ...good, extra: '\u001b[31m' },
    { ...good, sources: [] },
    { ...good, sources: [{ ...good.sources[0], artefacts: [] }] },
    { ...good, takenAt: 'yesterday' },
    [],
  ]) {
    const bytes = Buffer.from(JSON.stringify(flawed));
    await world.store.put(KEYS.manifest(idOf(1)), bytes);
    await world.store.put(KEYS.signature(idOf(1)), signBytes(bytes, signer));
    const { details } = await refusal(read(world, idOf(1)), 'MANIFEST_INVALID');
    assert.ok(details.length > 0 && details.every(line => /^[\x20-\x7e]+$/.test(line)));
  }
});

test('the public key is published once, and another one is not written over', async ({ world }) => {
  await world.backup(idOf(1));
  const path = publicKeyIn(world);
  const pem = readFileSync(path, 'utf8');
  assert.match(pem, '-----BEGIN PUBLIC KEY-----');
  assert.is(path, join(world.dir, 'home/.local/share/muster/unit/signer.pub'));
  const other = await setWorld();
  await other.backup(idOf(1));
  writeFileSync(path, readFileSync(publicKeyIn(other)));
  other.close();
  await refusal(world.backup(idOf(2)), 'KEY_WRONG');
  assert.not.equal(readFileSync(path, 'utf8'), pem);
});

test('a checkout that is cloned anew goes on with the keys of the store, out of the escrow', async ({ world }) => {
  await world.backup(idOf(1));
  const signer = await world.secrets.get('backup/signer');
  for (const name of await world.secrets.list()) await world.secrets.remove(name);
  assert.equal(await world.backup(idOf(2)), ['escrow.open', 'escrow.seal', 'set.seal']);
  assert.ok((await world.secrets.get('backup/signer'))?.equals(signer ?? ''));
  assert.not(await world.secrets.get('pki/ca-key'));
  assert.is((await read(world, idOf(2))).manifest.escrowGeneration, 2);
});

test('a public key without its private half, and no escrow to take it from, stops a backup', async ({ world }) => {
  await world.backup(idOf(1));
  await world.secrets.remove('backup/signer');
  for (const n of [1, 2]) rmSync(join(world.dir, `home/.local/share/muster/unit/escrow-${n}`), { recursive: true });
  const { message, hint } = await refusal(world.backup(idOf(2)), 'KEY_MISSING');
  assert.match(message, 'signer.pub is there');
  assert.match(hint, 'older sets then verify no more');
});

test('a lab that lost identity and escrow is told what that means, before anything is sealed', async ({ world }) => {
  await world.backup(idOf(1));
  const kept = join(world.dir, 'home/.local/share/muster/unit');
  assert.is(statSync(join(kept, 'identity.txt')).mode & 0o777, 0o600);
  rmSync(join(kept, 'identity.txt'));
  await refusal(world.backup(idOf(2)), 'KEY_MISSING');
  assert.ok(existsSync(join(kept, 'escrow-1')));
});

test.run();
