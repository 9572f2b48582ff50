import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { k3sVersions, readLock, siteImages } from '../../lib/artifact/index.ts';
import { lockedVersion, onlyVersion, parseLock } from '../../lib/artifact/lock-file.ts';
import { partsOf } from '../../lib/artifact/site-artifacts.ts';
import { digestFromSums } from '../../lib/artifact/sums.ts';
import { isOpsError, type OpsError } from '../../lib/errors/index.ts';

const project = join(import.meta.dirname, '../..');
const cases = join(project, 'tests/cases/artifact');
const json = (name: string) => JSON.parse(readFileSync(join(cases, name), 'utf8'));

const thrownBy = (act: () => unknown): OpsError => {
  try {
    act();
  } catch (error) {
    if (isOpsError(error)) return error;
    throw error;
  }
  assert.unreachable('nothing was refused');
  throw new Error();
};

for (const file of readdirSync(join(cases, 'lock')).filter(name => name.endsWith('.yaml'))) {
  test(`the problems of the lock ${file} are all named, each with its place`, () => {
    const read = () => parseLock(readFileSync(join(cases, 'lock', file), 'utf8'), file);
    const beside = join(cases, 'lock', file.replace('.yaml', '.problems'));
    const good = file.startsWith('valid');
    if (good) read();
    const problems = good ? [] : thrownBy(read).details;
    const text = problems.map(line => `${line}\n`).join('');
    if (process.env.UPDATE === '1') writeFileSync(beside, text);
    assert.snapshot(text, readFileSync(beside, 'utf8'));
    assert.is(problems.length === 0, good);
  });
}

const hex = (text: string) => text.replace(/@([a-zA-Z])/g, (_, digit) => digit.repeat(64));
for (const { title, text, file, digest, error } of json('sums.json')) {
  test(`sums: ${title}`, () => {
    const parse = () => digestFromSums(hex(text), file, 'https://example.org/sums');
    if (digest) return assert.is(parse(), `sha256:${hex(digest)}`);
    const thrown = thrownBy(parse);
    assert.is(thrown.code, 'LOCK_SUMS');
    assert.match(thrown.message, error);
    assert.match(thrown.message, 'https://example.org/sums');
  });
}

test('sums of 128 digits are sha512, as Debian has them for its cloud images', () => {
  const digest = 'a'.repeat(128);
  assert.is(digestFromSums(`${digest}  debian.qcow2\n`, 'debian.qcow2', 'u'), `sha512:${digest}`);
});

const parts = (): Parameters<typeof siteImages>[0] =>
  parseLock(
    `schema: 1
module: m
artifacts:
  k3s: { lab: { module: { packages: [a] } }, released: { release: { base: 'https://example.org' } } }
  kopia: { v1: { module: { packages: [a] } } }
images:
  pause: { for: cluster }
  coredns: { for: coredns }
  helper: { for: local-path }
  local-path: { for: local-path }
  metrics-server: { for: metrics-server }
  app: { for: app, from: debian }
  velero: { for: velero }
  plugin: { for: velero }
  debian: {}
`,
    'lock.yaml',
  );

for (const { title, version, addons, app, backup, images } of json('images.json')) {
  test(`images of a site: ${title}`, () => {
    const site = {
      cluster: { kind: 'k3s', version },
      addons,
      ...(app && { app: { users: 1, avatars: 1 } }),
      ...(backup && { backup: { sources: backup } }),
    };
    assert.equal(siteImages(parts(), site as Parameters<typeof siteImages>[1]), images);
  });
}

test('a version that the lock does not have is refused with the nearest one and all of them', () => {
  const lock = parseLock(readFileSync(join(cases, 'lock/valid.yaml'), 'utf8'), 'lock.yaml');
  const error = thrownBy(() => lockedVersion(lock, { name: 'k3s', version: 'v1+k3s2' }));
  assert.is(error.code, 'LOCK_NO_VERSION');
  assert.is(error.exit, 3);
  assert.match(error.message, 'k3s v1+k3s2');
  assert.match(error.message, 'v1+lab, v1+k3s1');
  assert.match(error.hint, 'v1+k3s1');
  for (const name of ['constructor', '__proto__', 'toString'])
    assert.is(thrownBy(() => lockedVersion(lock, { name, version: 'name' })).code, 'LOCK_NO_VERSION');
});

test('a program without a version in the inventory is had only when the lock has one version of it', () => {
  const lock = parts();
  assert.is(onlyVersion(lock, 'kopia'), 'v1');
  for (const [name, has] of [
    ['k3s', 'lab, released'],
    ['toString', '(none)'],
  ] as const) {
    const error = thrownBy(() => onlyVersion(lock, name));
    assert.is(error.code, 'LOCK_NO_VERSION');
    assert.match(error.message, has);
  }
});

for (const { title, backup, programs } of json('programs.json')) {
  test(`programs of this computer: ${title}`, () => {
    const cluster = { kind: 'k3s', version: 'v1.36.3+k3s-lab' } as const;
    const always = partsOf({ cluster });
    assert.equal(always, ['k3s', 'images', 'k3s-airgap-images']);
    const parts = partsOf({ backup, cluster } as Parameters<typeof partsOf>[0]);
    assert.equal(
      parts.filter(part => !always.includes(part)),
      programs,
    );
  });
}

test('the lock of this checkout is one, and its programs are those of the pins in go.mod', async () => {
  const lock = await readLock(project);
  assert.ok(k3sVersions(lock).includes('v1.36.3+k3s-lab'));
  const pins = readFileSync(join(project, lock.module, 'go.mod'), 'utf8');
  const built = Object.entries(lock.artifacts).flatMap(([name, versions]) =>
    Object.entries(versions).flatMap(([version, { module }]) =>
      module && name !== 'k3s' ? [{ version, module }] : [],
    ),
  );
  assert.is(built.length, 10);
  for (const { version, module } of built) {
    const [path = ''] = module.packages;
    // A module's path is the beginning of its packages'; kopia is a fork of the same version under another name.
    const roots = path.split('/').map((_, place, parts) => parts.slice(0, place + 1).join('/'));
    assert.ok(
      roots.some(
        root =>
          pins.includes(`\t${root} ${version}`) || new RegExp(`^replace ${root} => \\S+ ${version}$`, 'm').test(pins),
      ),
      `${path} ${version} is not what go.mod has`,
    );
  }
  assert.match(pins, /\tk8s.io\/kubernetes v1\.36\.3\n/);
});

test.run();
