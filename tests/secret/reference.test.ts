import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Code, isOpsError, type OpsError } from '../../lib/errors/index.ts';
import { resolveReference } from '../../lib/secret/index.ts';

const ID = '99ee88d2-6046-4ea7-92c2-acac464b1412';
const SESSION = 'c2Vzc2lvbi1rZXktb2YtdGhlLXZhdWx0';
const registry = {
  object: 'item',
  id: ID,
  name: 'lab/registry',
  notes: 'line 1\nline 2\n',
  login: { username: 'robot', password: 'pass/word-of-registry', totp: null },
  fields: [
    { name: 'api token', value: 'token-of-registry', type: 1 },
    { name: 'twice', value: 'one' },
    { name: 'twice', value: 'two' },
    { name: 'empty', value: '' },
  ],
};
// What bw answers to a search is everything that contains the words.
const found = [
  registry,
  { id: 'a1', name: 'lab/registry old', login: { password: 'of-the-old-one' } },
  { id: 'b1', name: 'doubled', login: { password: 'one' } },
  { id: 'b2', name: 'doubled', login: { password: 'two' } },
];

type Context = { dir: string; env: Record<string, string>; resolve(reference: string): Promise<string> };
const test = suite<Context>('references');
test.before.each(context => {
  const dir = mkdtempSync(join(tmpdir(), 'muster-reference-'));
  context.dir = dir;
  copyFileSync(join(import.meta.dirname, 'programs/bw'), join(dir, 'bw'));
  chmodSync(join(dir, 'bw'), 0o755);
  writeFileSync(join(dir, 'session'), SESSION);
  writeFileSync(join(dir, 'signed-in'), '');
  writeFileSync(join(dir, `${ID}.json`), JSON.stringify(registry));
  writeFileSync(join(dir, 'items.json'), JSON.stringify(found));
  context.env = {
    PATH: `${dir}:/usr/bin:/bin`,
    HOME: dir,
    BW_SESSION: SESSION,
    CANARY: 'not for bw',
    BW_QUIET: 'true',
  };
  context.resolve = async reference =>
    (await resolveReference(reference, { env: context.env, directory: dir })).reveal();
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true }));

async function refusal(act: Promise<unknown>, code: Code): Promise<OpsError> {
  const outcome = await act.catch((error: unknown) => error);
  if (!isOpsError(outcome, code)) throw new Error(`not refused as ${code}`, { cause: outcome });
  return outcome;
}

test('env:NAME is the variable, and says when it is not set or empty', async ({ env, resolve }) => {
  env.TOKEN = ' with spaces ';
  env.EMPTY = '';
  assert.is(await resolve('env:TOKEN'), ' with spaces ');
  assert.is((await refusal(resolve('env:NONE'), 'SECRET_MISSING')).message, 'cannot read env:NONE: it is not set');
  assert.is((await refusal(resolve('env:EMPTY'), 'SECRET_MISSING')).message, 'cannot read env:EMPTY: it is empty');
  await refusal(resolve('env:A B'), 'SECRET_MISSING');
  await refusal(resolve('env:toString'), 'SECRET_MISSING');
});

test('file:PATH is seen from the inventory, ~/ from home, and only the line break of a single line is dropped', async ({
  dir,
  env,
  resolve,
}) => {
  const contents = {
    one: 'value\n',
    dos: 'value\r\n',
    none: 'value',
    key: '-----BEGIN\nx\n-----END\n',
    space: ' v \n',
    lines: 'v\n\n',
  };
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(dir, name), content, { mode: 0o600 });
  assert.is(await resolve('file:one'), 'value');
  assert.is(await resolve('file:dos'), 'value');
  assert.is(await resolve('file:none'), 'value');
  assert.is(await resolve('file:space'), ' v ');
  assert.is(await resolve('file:key'), contents.key);
  assert.is(await resolve('file:lines'), contents.lines);
  assert.is(await resolve(`file:${dir}/one`), 'value');
  env.HOME = join(dir, '..');
  assert.is(await resolve(`file:~/${dir.split('/').at(-1)}/one`), 'value');
});

test('a file that is not there, empty, open to others or no file is refused', async ({ dir, resolve }) => {
  writeFileSync(join(dir, 'open'), 'hunter2', { mode: 0o644 });
  writeFileSync(join(dir, 'blank'), '\n', { mode: 0o600 });
  writeFileSync(join(dir, 'bytes'), Uint8Array.of(0x61, 0xff), { mode: 0o600 });
  writeFileSync(join(dir, 'large'), 'x'.repeat(1_048_577), { mode: 0o600 });
  symlinkSync(join(dir, 'open'), join(dir, 'link'));
  assert.is(
    (await refusal(resolve('file:no'), 'SECRET_MISSING')).message,
    `cannot read file:no: ${dir}/no is not there`,
  );
  assert.is(
    (await refusal(resolve('file:blank'), 'SECRET_MISSING')).message,
    `cannot read file:blank: ${dir}/blank is empty`,
  );
  await refusal(resolve('file:open'), 'SECRET_EXPOSED');
  await refusal(resolve('file:link'), 'SECRET_EXPOSED');
  await refusal(resolve('file:bytes'), 'SECRET_UNREADABLE');
  await refusal(resolve('file:large'), 'SECRET_UNREADABLE');
  await refusal(resolve('file:.'), 'SECRET_UNREADABLE');
  await refusal(resolve('file:/dev/null'), 'SECRET_UNREADABLE');
});

test('what is no reference is refused without being shown', async ({ resolve }) => {
  for (const text of [
    'hunter2hunter2',
    '',
    'env:',
    'vault:hunter2',
    'ENV:hunter2',
    ' env:hunter2',
    '$' + '{hunter2}',
  ]) {
    const error = await refusal(resolve(text), 'SECRET_REFERENCE_INVALID');
    assert.is(error.exit, 3);
    assert.not.match(`${error.message} ${error.hint} ${error.stack}`, 'hunter2');
  }
});

test('bw:ITEM/FIELD asks bw by id or by name, its session in the environment and nowhere else', async ({
  dir,
  resolve,
}) => {
  assert.is(await resolve(`bw:${ID}/password`), 'pass/word-of-registry');
  assert.is(await resolve('bw:lab/registry/api token'), 'token-of-registry');
  assert.is(readFileSync(join(dir, 'calls'), 'utf8'), `3\nget\nitem\n${ID}\n4\nlist\nitems\n--search\nlab/registry\n`);
});

test('every kind of field is found', async ({ resolve }) => {
  assert.is(await resolve('bw:lab/registry/username'), 'robot');
  assert.is(await resolve('bw:lab/registry/notes'), 'line 1\nline 2\n');
  const error = await refusal(resolve('bw:lab/registry/tokn'), 'SECRET_MISSING');
  assert.equal(error.details, ['fields that are there: username, password, notes, api token, twice, twice']);
  await refusal(resolve('bw:lab/registry/empty'), 'SECRET_MISSING');
  assert.match((await refusal(resolve('bw:lab/registry/twice'), 'SECRET_MISSING')).message, 'several fields');
});

test('an item whose name only contains the name is not the item', async ({ dir, resolve }) => {
  await refusal(resolve('bw:registry/password'), 'SECRET_MISSING');
  const several = await refusal(resolve('bw:doubled/password'), 'SECRET_REFERENCE_INVALID');
  assert.equal(several.details, ['id b1', 'id b2']);
  const other = ID.replace('9', '8');
  await refusal(resolve(`bw:${other}/password`), 'SECRET_MISSING');
  writeFileSync(join(dir, `${other}.json`), JSON.stringify(registry));
  await refusal(resolve(`bw:${other}/password`), 'SECRET_MISSING');
});

test('a vault that is locked or signed out says so and how to open it', async ({ dir, env, resolve }) => {
  const message = async () => (await refusal(resolve(`bw:${ID}/password`), 'VAULT_LOCKED')).message;
  env.BW_SESSION = 'of-yesterday';
  assert.is(await message(), `cannot read bw:${ID}/password: the vault is locked`);
  assert.match((await refusal(resolve(`bw:${ID}/password`), 'VAULT_LOCKED')).hint, 'bw unlock --raw');
  rmSync(join(dir, 'signed-in'));
  assert.is(await message(), `cannot read bw:${ID}/password: the vault is unauthenticated`);
  rmSync(join(dir, 'calls'));
  delete env.BW_SESSION;
  assert.is(await message(), `cannot read bw:${ID}/password: BW_SESSION is not set`);
  assert.not.ok(existsSync(join(dir, 'calls')));
});

test('without bw, or with one that fails, the vault is unavailable, and no session is shown', async ({
  dir,
  env,
  resolve,
}) => {
  writeFileSync(join(dir, 'broken'), '');
  const broken = await refusal(resolve('bw:lab/registry/password'), 'VAULT_UNAVAILABLE');
  assert.is(broken.message, 'cannot read bw:lab/registry/password: bw ended with 1');
  assert.equal(broken.details, ['cannot decrypt with ***']);
  assert.not.match(`${broken.stack} ${broken.cause}`, SESSION);
  rmSync(join(dir, 'broken'));
  writeFileSync(join(dir, 'items.json'), 'pass/word-of-registry');
  const garbled = await refusal(resolve('bw:lab/registry/password'), 'VAULT_UNAVAILABLE');
  assert.is(garbled.message, 'cannot read bw:lab/registry/password: bw did not answer with JSON');
  assert.not.match(`${garbled.stack} ${garbled.cause}`, 'word-of');
  env.PATH = '/nonexistent';
  const none = await refusal(resolve('bw:lab/registry/password'), 'VAULT_UNAVAILABLE');
  assert.is(none.message, 'cannot read bw:lab/registry/password: there is no bw in PATH');
});

test('a place that bw would take for an option, or half a place, never reaches it', async ({ dir, resolve }) => {
  for (const place of ['--session/password', 'registry', 'registry/', '/password'])
    await refusal(resolve(`bw:${place}`), 'SECRET_REFERENCE_INVALID');
  assert.not.ok(existsSync(join(dir, 'calls')));
});

test('the stand-in refuses what muster must not do', async ({ dir, env }) => {
  const { spawnSync } = await import('node:child_process');
  const run = (args: string[], extra: Record<string, string>, input = '') =>
    spawnSync(join(dir, 'bw'), args, { env: { PATH: env.PATH, BW_SESSION: SESSION, ...extra }, input }).status;
  const quiet = { BW_NOINTERACTION: 'true' };
  assert.is(run(['status'], quiet), 0);
  assert.is(run(['status'], {}), 64);
  assert.is(run(['status'], { ...quiet, BW_QUIET: 'true' }), 64);
  assert.is(run(['get', 'item', ID, '--session', SESSION], quiet), 64);
  assert.is(run(['get', 'password', ID], quiet), 64);
  assert.is(run(['get', 'item', ID], quiet, 'text\n'), 64);
});

test.run();
