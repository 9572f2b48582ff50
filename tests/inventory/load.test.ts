import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { k3sVersions, readLock } from '../../lib/artifact/index.ts';
import { isOpsError, type OpsError } from '../../lib/errors/index.ts';
import { jsonSchema, loadInventory, nearest } from '../../lib/inventory/index.ts';
import { shipped } from './shipped.ts';

const root = resolve(import.meta.dirname, '../..');
const inventories = join(root, 'inventories');
const cases = join(root, 'tests/cases/inventory');
const known = { k3sVersions: ['v1.36.3+k3s-lab'] };
const test = suite<{ dir: string }>('load');
test.before.each(context => {
  context.dir = mkdtempSync(join(tmpdir(), 'muster-inventory-'));
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true }));

async function refusal(path: string): Promise<OpsError> {
  const outcome = await loadInventory(path, known).catch((error: unknown) => error);
  if (!isOpsError(outcome)) throw new Error(`not refused as it should be: ${path}`, { cause: outcome });
  return outcome;
}

test('every inventory that is shipped can be used', async () => {
  const locked = { k3sVersions: k3sVersions(await readLock(join(inventories, '..'))) };
  const files = shipped();
  assert.equal(files, ['container.yaml', 'existing.yaml', 'lab.yaml', 'production.yaml', 'staging.yaml']);
  for (const file of files) {
    const site = await loadInventory(join(inventories, file), locked);
    assert.is(`${site.name}.yaml`, file);
    assert.is(site.path, join(inventories, file));
  }
});

test('a site has bytes for sizes, defaults filled in, and only its own sections', async () => {
  const { path, ...site } = await loadInventory(join(cases, 'valid.yaml'), known);
  assert.equal(site, {
    name: 'valid',
    environment: 'lab',
    artifacts: { sources: ['module'] },
    provider: { kind: 'qemu', accelerator: 'auto' },
    hosts: [{ name: 'server-1', role: 'server', cpus: 2, memory: 4_294_967_296, disk: 10_737_418_240 }],
    cluster: { kind: 'k3s', version: 'v1.36.3+k3s-lab' },
    addons: { coredns: true, 'local-path': true, 'metrics-server': true },
    app: { users: 10, avatars: 2 },
  });
});

test('paths are seen from the file, and ~/ is the home', async ({ dir }) => {
  const text = readFileSync(join(inventories, 'existing.yaml'), 'utf8')
    .replace('sources: [module]', 'sources: [bundle]\n  bundle: ../dist/bundle')
    .replace('      port: 22\n', '');
  mkdirSync(join(dir, 'in'));
  writeFileSync(join(dir, 'in/existing.yaml'), text);
  const site = await loadInventory(join(dir, 'in/existing.yaml'), known);
  assert.is(site.artifacts.bundle, join(dir, 'dist/bundle'));
  assert.is(site.hosts[0]?.ssh?.identity, join(homedir(), '.ssh/id_ed25519'));
  assert.is(site.hosts[0]?.ssh?.port, 22);
});

test('an inventory that is not there: those that are get named, and the nearest is the hint', async ({ dir }) => {
  for (const name of ['lab', 'staging']) writeFileSync(join(dir, `${name}.yaml`), '');
  writeFileSync(join(dir, 'schema.json'), '');
  const error = await refusal(join(dir, 'stagin.yaml'));
  assert.is(error.code, 'INVENTORY_MISSING');
  assert.is(error.exit, 3);
  assert.is(error.message, `cannot find the inventory ${dir}/stagin.yaml; there are: lab, staging`);
  assert.is(error.hint, '--site staging');
  const empty = await refusal(join(dir, 'no/such/lab.yaml'));
  assert.is(empty.message, `cannot find the inventory ${dir}/no/such/lab.yaml; there are none`);
});

test('what is no text of a few kilobytes is not read as an inventory', async ({ dir }) => {
  const file = join(dir, 'lab.yaml');
  const why = async (content: string | Uint8Array) => {
    writeFileSync(file, content);
    const error = await refusal(file);
    assert.is(error.code, 'INVENTORY_UNREADABLE');
    return error.message.replace(dir, '');
  };
  assert.match(
    await why(Uint8Array.of(0x61, 0x3a, 0x20, 0xff)),
    /^cannot read \/lab\.yaml: .*encoded data was not valid/,
  );
  assert.is(
    await why('#'.repeat(262_145)),
    'cannot read /lab.yaml: it has 262145 bytes, and no inventory has more than 262144',
  );
  assert.is((await refusal(dir)).message, `cannot read ${dir}: it is not a file`);
  assert.is((await refusal('/dev/zero')).message, 'cannot read /dev/zero: it is not a file');
});

test('the nearest word is found, and none when none is near', () => {
  const words = ['memory', 'disk', 'cpus', 'local-path'];
  const pairs = [
    ['memroy', 'memory'],
    ['Memory', 'memory'],
    ['dsk', 'disk'],
    ['cpu', 'cpus'],
    ['localpath', 'local-path'],
    ['address', undefined],
    ['', undefined],
  ] as const;
  assert.equal(
    pairs.map(([word]) => [word, nearest(word, words)]),
    pairs.map(pair => [...pair]),
  );
});

test('inventories/schema.json is what the sections say (UPDATE=1 writes it)', () => {
  const file = join(inventories, 'schema.json');
  const generated = `${JSON.stringify(jsonSchema(), null, 2)}\n`;
  if (process.env.UPDATE === '1') writeFileSync(file, generated);
  assert.fixture(readFileSync(file, 'utf8'), generated);
});

test('the schema describes the file as it is written: sizes are text, defaults may be left out', () => {
  const text = JSON.stringify(jsonSchema());
  assert.match(text, '"pattern":"^[1-9][0-9]{0,8}[KMGT]iB$"');
  assert.match(text, '"required":["site","environment","artifacts","provider","hosts","cluster","addons"]');
  assert.match(text, '"additionalProperties":false');
  assert.not.match(text, 'readOnly');
});

test.run();
