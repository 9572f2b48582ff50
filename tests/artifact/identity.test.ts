import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareVersions } from '../../lib/artifact/go-toolchain.ts';
import { debianSources, decideArtifact, hashTree, keyOf, thisArch } from '../../lib/artifact/index.ts';
import { mirrored } from '../../lib/artifact/sources/mirror.ts';

const cases = join(import.meta.dirname, '../cases/artifact');
const want = { name: 'k3s', version: 'v1', arch: 'amd64' } as const;

test('the key of a thing is the same in every run and on every computer', () => {
  // Written down once: a change of it makes every cache and every bundle worthless.
  const key = 'aa3e4f5f45f898c2cfdd330e84a971c15d6af4b6a6b8441481d062599cc22fc8';
  assert.is(keyOf(want, { b: '2', a: '1' }), key);
});

test('the key follows every input, its name, and nothing of their order', () => {
  const key = keyOf(want, { a: '1', b: '2' });
  assert.is(keyOf(want, { b: '2', a: '1' }), key);
  const others = [
    keyOf(want, { a: '2', b: '1' }),
    keyOf(want, { a: '1' }),
    keyOf({ ...want, arch: 'arm64' }, { a: '1', b: '2' }),
    keyOf({ ...want, version: 'v2' }, { a: '1', b: '2' }),
    keyOf({ ...want, name: 'k3', version: 'sv1' }, { a: '1', b: '2' }),
  ];
  assert.is(new Set([key, ...others]).size, 6);
});

test('the hash of a tree follows names, contents and the exec bit, and nothing else', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'muster-tree-'));
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'a'), 'one');
  writeFileSync(join(dir, 'sub/b'), 'two');
  const seen = [await hashTree(dir, ['.'])];
  chmodSync(join(dir, 'a'), 0o600);
  assert.is(await hashTree(dir, ['.']), seen[0], 'rights beside the exec bit follow the umask');
  const steps = [
    () => chmodSync(join(dir, 'a'), 0o700),
    () => writeFileSync(join(dir, 'sub/b'), 'too'),
    () => writeFileSync(join(dir, 'sub/c'), ''),
    () => rmSync(join(dir, 'a')),
  ];
  for (const step of steps) {
    step();
    seen.push(await hashTree(dir, ['.']));
  }
  assert.is(new Set(seen).size, seen.length);
  await hashTree(dir, ['absent']).then(
    () => assert.unreachable(),
    error => assert.is(error.code, 'ENOENT'),
  );
  rmSync(dir, { recursive: true });
});

for (const { title, facts, absent, decision } of JSON.parse(readFileSync(join(cases, 'decide.json'), 'utf8'))) {
  test(`a plan says: ${title}`, () => {
    assert.equal(decideArtifact(absent ? undefined : { part: 'k3s', version: 'v1' }, facts), decision);
  });
}

for (const name of readdirSync(join(cases, 'apt')).filter(file => file.endsWith('.txt'))) {
  test(`sources of apt: of ${name} only Debian's own of the suite are taken`, async () => {
    const etc = mkdtempSync(join(tmpdir(), 'muster-apt-'));
    mkdirSync(join(etc, 'sources.list.d'));
    for (const part of readFileSync(join(cases, 'apt', name), 'utf8')
      .split(/^=== /m)
      .slice(1)) {
      const [file = '', ...lines] = part.split('\n');
      writeFileSync(join(etc, file === 'sources.list' ? '' : 'sources.list.d', file), lines.join('\n'));
    }
    assert.is(
      await debianSources('bookworm', etc),
      readFileSync(join(cases, 'apt', name.replace('.txt', '.expected')), 'utf8'),
    );
    rmSync(etc, { recursive: true });
  });
}

test('a mirror keeps the path of upstream under a URL of its own', () => {
  const url = 'https://github.com/k3s-io/k3s/releases/download/v1.36.4%2Bk3s1/k3s';
  const under = 'https://mirror.example/all/k3s-io/k3s/releases/download/v1.36.4%2Bk3s1/k3s';
  assert.is(mirrored(url, 'https://mirror.example/all'), under);
  assert.is(mirrored(url, 'https://mirror.example/all/'), under);
});

test('versions of Go are compared by number, not by letter', () => {
  assert.is(compareVersions('1.9', '1.26'), -1);
  assert.is(compareVersions('1.26.10', '1.26.9'), 1);
  assert.is(compareVersions('1.26', '1.26.0'), 0);
  assert.is(compareVersions('2', '1.26'), 1);
});

test('a computer of another make is refused by name', () => {
  assert.is(thisArch('x64'), 'amd64');
  assert.is(thisArch('arm64'), 'arm64');
  assert.throws(() => thisArch('riscv64'), /riscv64/);
});

test.run();
