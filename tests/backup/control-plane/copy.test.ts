import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import { equal, is } from 'uvu/assert';
import { seal } from '../../../lib/backup/cipher.ts';
import type { CopyAtHand } from '../../../lib/backup/control-plane/copy.ts';
import { contentsCheck, opensCheck } from '../../../lib/backup/control-plane/copy-checks.ts';
import { controlPlaneDamages } from '../../../lib/backup/control-plane/damages/index.ts';
import { runChecks } from '../../../lib/backup/run-checks.ts';
import type { Manifest, PartOf } from '../../../lib/backup/set.ts';
import type { SetCopy } from '../../../lib/backup/source.ts';
import { Secret } from '../../../lib/secret/index.ts';
import { memoryEndpoint } from '../memory-store.ts';
import { memorySecrets } from '../set-world.ts';

const KEY = 'backup/control-plane-cipher';
const uid = (n: number) => `${String(n).repeat(8)}-0000-4000-8000-000000000000`;

/** As kine keeps objects: every revision a row, the newest counts, deleted ones stay for a while. */
function datastore(): Buffer {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE kine (id INTEGER PRIMARY KEY, name TEXT, deleted INTEGER, value BLOB)');
  const insert = database.prepare('INSERT INTO kine (name, deleted, value) VALUES (?, ?, ?)');
  const value = (n: number) => Buffer.from(`k8s\0\n\x12 Namespace ${uid(n)} \xff`, 'latin1');
  insert.run('/registry/namespaces/app', 0, value(8));
  insert.run('/registry/namespaces/app', 0, value(1));
  insert.run('/registry/namespaces/velero', 0, value(2));
  insert.run('/registry/namespaces/gone', 0, value(9));
  insert.run('/registry/namespaces/gone', 1, value(9));
  return Buffer.from(database.serialize());
}

const part = (uids: Record<string, string>) =>
  ({
    source: 'control-plane',
    artefacts: [],
    facts: { kind: 'sqlite', copy: 'copy', uids },
  }) as unknown as PartOf<'control-plane'>;
const WHOLE = part({ 'Namespace app': uid(1), 'Namespace velero': uid(2) });

const test = suite<{ at: CopyAtHand; put(plain: Uint8Array): Promise<unknown> }>('the copy of a datastore');
test.before.each(async context => {
  const secrets = memorySecrets();
  await secrets.put(KEY, new Secret('k'.repeat(32)));
  const store = memoryEndpoint().bucket('b');
  context.at = { store, secrets };
  context.put = async plain => store.put('copy', seal(gzipSync(plain), (await secrets.get(KEY)) ?? new Secret('none')));
  await context.put(datastore());
});

const look = async (at: CopyAtHand, of = WHOLE) =>
  (await runChecks([opensCheck(of), contentsCheck(of)], at)).map(({ state, code }) => code ?? state);

test('opens, is whole, and has each object of the manifest', async ({ at }) => {
  equal(await look(at), ['passed', 'passed']);
});

test('an object that was deleted, or is of an older life, is not in it', async ({ at }) => {
  equal(await look(at, part({ 'Namespace gone': uid(9) })), ['passed', 'OBJECT_MISSING']);
  equal(await look(at, part({ 'Namespace app': uid(8) })), ['passed', 'OBJECT_MISSING']);
});

test('another key, no key, no object: each by its name', async ({ at }) => {
  const other = memorySecrets();
  is((await look({ ...at, secrets: other }))[0], 'KEY_MISSING');
  await other.put(KEY, new Secret('o'.repeat(32)));
  is((await look({ ...at, secrets: other }))[0], 'KEY_WRONG');
  await at.store.remove(['copy']);
  is((await look(at))[0], 'SET_ARTEFACT_MISSING');
});

test('what opens and is no datastore is incomplete', async ({ at, put }) => {
  for (const plain of [Buffer.from('no database at all'), Buffer.alloc(0), datastore().subarray(0, 4096)]) {
    await put(plain);
    is((await look(at))[0], 'SET_INCOMPLETE');
  }
});

test('a snapshot of etcd is not judged here', async ({ at }) => {
  const etcd = { ...WHOLE, facts: { ...WHOLE.facts, kind: 'etcd' as const } };
  is((await look(at, etcd))[0], 'CHECK_UNRUN');
});

test('each damage of it is found, by its name', async ({ at }) => {
  for (const { plant, expect } of controlPlaneDamages({ secrets: at.secrets })) {
    const whole = await at.store.get('copy');
    const manifest = { id: 'set', sources: [WHOLE] } as unknown as Manifest;
    await plant({ store: at.store, set: { manifest, sha256: '' }, reseal: async () => {} } as unknown as SetCopy);
    const found = (await runChecks([opensCheck(WHOLE), contentsCheck(WHOLE)], at)).find(one => one.state === 'failed');
    equal([found?.code, found?.level], [expect.code, expect.level]);
    await at.store.put('copy', whole ?? '');
  }
});

test.run();
