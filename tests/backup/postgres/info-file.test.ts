import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { indexCheck, openInfoFile } from '../../../lib/backup/postgres/info-file.ts';
import { timelinesCheck } from '../../../lib/backup/postgres/timelines.ts';
import { archiveKey, walFlaw } from '../../../lib/backup/postgres/wal-content.ts';
import type { PartOf } from '../../../lib/backup/set.ts';
import { Secret } from '../../../lib/secret/index.ts';
import { memoryEndpoint } from '../memory-store.ts';

const test = suite("pgBackRest's own index");

const SET = '20261121T152300Z-1f2e3d4c';
const LABEL = '20261121-152300F';
const KEY = new Secret('the-key-of-the-repository');
/** As pgBackRest seals it: OpenSSL's own program is the other opinion. */
const sealed = (text: string, pass = KEY) => sealedBytes(Buffer.from(text), pass);
const sealedBytes = (plain: Uint8Array, pass: Secret) =>
  execFileSync('openssl', ['enc', '-aes-256-cbc', '-md', 'sha1', '-salt', '-pass', 'env:PASS'], {
    input: plain,
    env: { ...process.env, PASS: pass.reveal() },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
const backupInfo = (label: string) => `[backup:current]\n${label}={"backup-type":"full"}\n`;
const archiveInfo = '[db]\ndb-id=1\ndb-system-id=7412345678901234567\ndb-version="15"\n';

const facts = {
  systemIdentifier: '7412345678901234567',
  pgbackrest: { stanza: 'app-a', label: LABEL },
  dump: `sets/${SET}/postgres.dump`,
};
const part = { facts } as PartOf<'postgres'>;
const live = { backup: 'pgbackrest/backup/app-a/backup.info', archive: 'pgbackrest/archive/app-a/archive.info' };

async function world(changes: Record<string, Uint8Array | undefined> = {}) {
  const store = memoryEndpoint().bucket('backups');
  const files: Record<string, Uint8Array | undefined> = {
    [`sets/${SET}/pgbackrest/backup.info`]: sealed(backupInfo(LABEL)),
    [`sets/${SET}/pgbackrest/archive.info`]: sealed(archiveInfo),
    [live.backup]: sealed(backupInfo(LABEL)),
    [live.archive]: sealed(archiveInfo),
    ...changes,
  };
  for (const [key, bytes] of Object.entries(files)) if (bytes) await store.put(key, bytes);
  return (when: 'counts' | 'mended', cipher = KEY) => indexCheck(part, when).look({ store, cipher });
}

test('is opened as OpenSSL opens it, and by no other key', () => {
  assert.is(openInfoFile(sealed(archiveInfo), KEY), archiveInfo);
  assert.is(openInfoFile(sealed(archiveInfo), new Secret('another')), undefined);
  assert.is(openInfoFile(Buffer.from(archiveInfo), KEY), undefined);
});

test('passes where both files name what the set is of', async () => {
  assert.is((await (await world())('counts')).state, 'passed');
});

test('an older one, which does not know the base backup, is found', async () => {
  const look = await world({ [live.backup]: sealed(backupInfo('20261120-152300F')) });
  const { state, code, got } = await look('mended');
  assert.equal([state, code], ['failed', 'SET_ARTEFACT_CHANGED']);
  assert.match(got, /backup.info does not name 20261121-152300F/);
});

test("another database's, and one of zeros, are found", async () => {
  const zeros = await world({ [live.archive]: new Uint8Array(96) });
  assert.match((await zeros('mended')).got, /archive.info cannot be read/);
  const other = await world({ [live.archive]: sealed(archiveInfo.replace('7412345678901234567', '74')) });
  assert.match((await other('mended')).got, /does not name db-system-id=7412345678901234567/);
});

test("what cannot be read counts by pgBackRest's copy beside it", async () => {
  const look = await world({ [live.archive]: new Uint8Array(96), [`${live.archive}.copy`]: sealed(archiveInfo) });
  assert.is((await look('counts')).state, 'passed');
});

test('one that is gone is mended by a restore, and is no whole repository meanwhile', async () => {
  const look = await world({ [live.backup]: undefined });
  assert.is((await look('mended')).state, 'passed');
  assert.is((await look('counts')).code, 'SET_ARTEFACT_MISSING');
});

test("a key that does not open the set's own copy is the wrong one", async () => {
  assert.is((await (await world())('mended', new Secret('another'))).code, 'KEY_WRONG');
});

test('a WAL segment of the archive is what its name says, or another one, or none', async () => {
  const pass = archiveKey('[cipher]\ncipher-pass="key-of-the-archive"\n') ?? KEY;
  const wal = Buffer.alloc(1 << 20, 'wal');
  wal.writeBigUInt64LE(0xa000000n, 8);
  wal.writeBigUInt64LE(7412345678901234567n, 24);
  const bytes = (plain: Buffer) => sealedBytes(zstdCompressSync(plain), pass);
  const flaw = (sealed: Uint8Array | undefined, segment = 'A', system = facts.systemIdentifier) => {
    const name = `00000001000000000000000${segment}-${createHash('sha1').update(wal).digest('hex')}.zst`;
    return walFlaw(`pgbackrest/archive/app-a/15-1/0000000100000000/${name}`, sealed, { pass, system });
  };
  assert.is(await flaw(bytes(wal)), undefined);
  assert.match((await flaw(bytes(Buffer.alloc(1 << 20)))) ?? '', 'is another one');
  assert.match((await flaw(new Uint8Array(400))) ?? '', 'cannot be opened');
  assert.match((await flaw(undefined)) ?? '', 'is gone');
  assert.match((await flaw(bytes(wal), 'B')) ?? '', 'is a copy of another one');
  assert.match((await flaw(bytes(wal), 'A', '7')) ?? '', 'is of another cluster');
});

/** The archive with histories beside the set's second timeline, each sealed with the archive's own key. */
async function followed(histories: Record<string, string | Uint8Array>) {
  const pass = new Secret('key-of-the-archive');
  const store = memoryEndpoint().bucket('backups');
  await store.put(
    `sets/${SET}/pgbackrest/archive.info`,
    sealed(`${archiveInfo}[cipher]\ncipher-pass="${pass.reveal()}"\n`),
  );
  for (const [name, text] of Object.entries(histories))
    await store.put(
      `pgbackrest/archive/app-a/15-1/${name}.history`,
      typeof text === 'string' ? sealed(text, pass) : text,
    );
  const restorePoint = { name: 'muster-1', at: '2026-11-21T15:23:00.000Z', timeline: 2, lsn: '1/A000000' };
  return timelinesCheck({ facts: { ...facts, restorePoint } } as PartOf<'postgres'>).look({ store, cipher: KEY });
}

const OWN = '1\t0/5000090\tno recovery target specified\n';

test("timelines up to the set's own are its own, and a later one that left it after its point leads on", async () => {
  assert.is((await followed({ '00000002': 'not looked at' })).state, 'passed');
  const later = `${OWN}2\t1/A000000\tno recovery target specified\n`;
  assert.is((await followed({ '00000002': OWN, '00000003': later })).state, 'passed');
});

for (const [what, text, got] of [
  ['left before its point', `${OWN}2\t0/FF000000\tafter a moment\n`, /left timeline 2 at 0\/FF000000, before/],
  ['came from another one', OWN, /00000003.history does not come from timeline 2/],
  ['is no history', new Uint8Array(400), /00000003.history cannot be opened/],
] as const)
  test(`a later timeline that ${what} would end a restore, and is found`, async () => {
    const seen = await followed({ '00000003': text });
    assert.equal([seen.state, seen.code], ['failed', 'TIMELINE_FOREIGN']);
    assert.match(seen.got, got);
  });

test.run();
