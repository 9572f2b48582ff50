import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError, type OpsError } from '../../lib/errors/index.ts';
import { FileSecretStore, Masker, Secret } from '../../lib/secret/index.ts';

const test = suite<{ dir: string; root: string; masker: Masker; store: FileSecretStore }>('file store');
test.before.each(context => {
  context.dir = mkdtempSync(join(tmpdir(), 'muster-secret-'));
  context.root = join(context.dir, '.muster/lab/secrets');
  context.masker = new Masker();
  context.store = new FileSecretStore(context.root, context.masker);
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true }));

const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);

async function refusal(act: Promise<unknown>): Promise<OpsError> {
  const outcome = await act.catch((error: unknown) => error);
  if (!isOpsError(outcome)) throw new Error('not refused as it should be', { cause: outcome });
  return outcome;
}

test('what is kept comes back byte for byte, newest wins, and is gone after remove', async ({ store }) => {
  const key = new Secret('-----BEGIN\nPRIVATE\u00e9\n-----END\n');
  assert.is(await store.get('pki/ca-key'), undefined);
  await store.put('pki/ca-key', new Secret('first'));
  await store.put('pki/ca-key', key);
  assert.is((await store.get('pki/ca-key'))?.reveal(), key.reveal());
  assert.equal(await store.list(), ['pki/ca-key']);
  await store.remove('pki/ca-key');
  await store.remove('pki/ca-key');
  assert.is(await store.get('pki/ca-key'), undefined);
  assert.equal(await store.list(), []);
});

test('looking leaves no trace: without a secret there is no directory', async ({ store, dir }) => {
  assert.equal(await store.list(), []);
  assert.is(await store.get('app/password'), undefined);
  await store.remove('app/password');
  assert.equal(readdirSync(dir), []);
});

test('files are 0600 in directories of 0700, whatever the umask', async ({ store, root }) => {
  const before = process.umask(0);
  try {
    await store.put('app/password', new Secret('x'));
    await store.generate('app/other', { length: 20 });
  } finally {
    process.umask(before);
  }
  assert.equal(
    ['', 'app', 'app/password', 'app/other'].map(path => mode(join(root, path))),
    ['700', '700', '600', '600'],
  );
  assert.equal(readdirSync(join(root, 'app')).sort(), ['other', 'password']);
});

test('a generated secret has its length and alphabet, stays the same, and another is another', async ({ store }) => {
  const first = await store.generate('app/a', { length: 40 });
  assert.match(first.reveal(), /^[A-Za-z0-9]{40}$/);
  assert.ok((await store.generate('app/a', { length: 20 })).equals(first));
  assert.not.ok((await store.generate('app/b', { length: 40 })).equals(first));
  const short = await store.generate('app/c', { length: 15 }).catch((error: unknown) => error);
  assert.instance(short, RangeError);
  assert.is(await store.get('app/c'), undefined);
});

test('what went into the store or came out of it is masked from then on', async ({ store, root, masker }) => {
  await new FileSecretStore(root, new Masker()).put('app/old', new Secret('kept-by-an-earlier-run'));
  await store.put('app/given', new Secret('given-to-the-store'));
  const made = await store.generate('app/made', { length: 20 });
  const text = () => masker.mask(`given-to-the-store ${made.reveal()} kept-by-an-earlier-run`);
  assert.is(text(), '*** *** kept-by-an-earlier-run');
  await store.get('app/old');
  assert.is(text(), '*** *** ***');
});

test('processes that generate one secret at once all get the same', async ({ root }) => {
  const module = join(import.meta.dirname, '../../lib/secret/index.ts');
  const program = `
    const { FileSecretStore, Masker } = await import(${JSON.stringify(module)});
    const store = new FileSecretStore(${JSON.stringify(root)}, new Masker());
    while (Date.now() < Number(process.argv[1])) ;
    for (let i = 0; i < 20; i++) console.log((await store.generate('race/n' + i, { length: 32 })).reveal());`;
  const start = String(Date.now() + 400);
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, start]);
  const outputs = await Promise.all([run(), run(), run()]);
  const [first, ...others] = outputs.map(({ stdout }) => stdout.trim().split('\n'));
  assert.is(new Set(first).size, 20);
  for (const other of others) assert.equal(other, first);
  assert.is(readdirSync(join(root, 'race')).length, 20);
});

test('whoever comes second gets what the first one wrote', async ({ store, root }) => {
  const get = store.get.bind(store);
  let looked = false;
  // Between its look and its write, another process has made the secret.
  store.get = async name => {
    if (looked) return get(name);
    looked = true;
    await new FileSecretStore(root, new Masker()).put(name, new Secret('of-the-other-process'));
    return undefined;
  };
  assert.is((await store.generate('app/password', { length: 32 })).reveal(), 'of-the-other-process');
  assert.equal(readdirSync(join(root, 'app')), ['password']);
});

test('a file or directory that others can read or write is refused, with the command that ends it', async ({
  store,
  root,
}) => {
  await store.put('app/password', new Secret('hunter2hunter2'));
  const file = join(root, 'app/password');
  for (const [path, bits] of [
    [file, 0o640],
    [file, 0o604],
    [file, 0o620],
    [root, 0o750],
    [root, 0o701],
  ] as const) {
    const before = statSync(path).mode;
    chmodSync(path, bits);
    const error = await refusal(store.get('app/password'));
    assert.is(error.code, 'SECRET_EXPOSED');
    assert.is(error.exit, 4);
    assert.is(error.message, `cannot trust ${path}: it has mode 0${bits.toString(8)}, and others may have none of it`);
    assert.match(error.hint, `chmod go= ${path}`);
    chmodSync(path, before);
  }
  chmodSync(root, 0o750);
  assert.is((await refusal(store.put('a', new Secret('x')))).code, 'SECRET_EXPOSED');
  assert.is((await refusal(store.generate('a', { length: 20 }))).code, 'SECRET_EXPOSED');
  assert.is((await refusal(store.remove('app/password'))).code, 'SECRET_EXPOSED');
  assert.is((await refusal(store.list())).code, 'SECRET_EXPOSED');
  assert.ok(existsSync(file));
});

test('a planted link is neither read nor written through', async ({ store, root, dir }) => {
  await store.put('app/password', new Secret('x'));
  const elsewhere = join(dir, 'elsewhere');
  writeFileSync(elsewhere, 'of somebody else', { mode: 0o600 });
  symlinkSync(elsewhere, join(root, 'app/planted'));
  assert.is((await refusal(store.get('app/planted'))).code, 'SECRET_UNREADABLE');
  assert.is((await refusal(store.generate('app/planted', { length: 20 }))).code, 'SECRET_UNREADABLE');
  await store.put('app/planted', new Secret('ours'));
  assert.is(readFileSync(elsewhere, 'utf8'), 'of somebody else');
  assert.is((await store.get('app/planted'))?.reveal(), 'ours');
  rmSync(root, { recursive: true });
  mkdirSync(join(dir, 'dir'), { mode: 0o700 });
  symlinkSync(join(dir, 'dir'), root);
  assert.match((await refusal(store.put('a', new Secret('x')))).message, 'it is not a directory');
});

test('a name that is no name is refused before anything is touched', async ({ store, dir }) => {
  const names = [
    '',
    '.',
    '..',
    '../x',
    'a/../../x',
    '/etc/passwd',
    'a//b',
    'a/',
    'A',
    'a b',
    'a\0',
    '.hidden',
    'a/.new',
    'a\n',
    'a/b/c/d/e',
    'x'.repeat(201),
  ];
  for (const name of names)
    for (const act of [
      () => store.get(name),
      () => store.put(name, new Secret('x')),
      () => store.generate(name, { length: 20 }),
      () => store.remove(name),
    ])
      assert.is((await refusal(act())).code, 'SECRET_NAME_INVALID', JSON.stringify(name));
  assert.equal(readdirSync(dir), []);
});

test('what cannot be written is named, without the value, and leaves nothing half-made', async ({ store, root }) => {
  await store.put('app', new Secret('x'));
  const error = await refusal(store.put('app/password', new Secret('hunter2hunter2')));
  assert.is(error.code, 'SECRET_WRITE');
  assert.match(error.message, /^cannot keep the secret app\/password: /);
  assert.not.match(JSON.stringify([error.message, error.hint, error.details, String(error.cause)]), 'hunter2');
  mkdirSync(join(root, 'taken'));
  assert.is((await refusal(store.put('taken', new Secret('x')))).code, 'SECRET_WRITE');
  assert.equal(readdirSync(root).sort(), ['app', 'taken']);
  assert.equal(await store.list(), ['app']);
});

test('what another process has half written is not a secret yet', async ({ store, root }) => {
  await store.put('app/password', new Secret('x'));
  writeFileSync(join(root, 'app/.c0ffee.new'), 'hal');
  assert.equal(await store.list(), ['app/password']);
});

test.run();
