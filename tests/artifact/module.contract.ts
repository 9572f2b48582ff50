import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findRecipe, readLock, resolveArtifact } from '../../lib/artifact/index.ts';
import { lockedRecipe } from '../../lib/artifact/recipe.ts';
import { expectError } from './expect-error.ts';
import { type ArtifactWorld, lockOf, newWorld, tiny } from './world.ts';

const sources = ['module'] as const;
const module = suite<{ world: ArtifactWorld }>('module');
module.before.each(async context => {
  context.world = await newWorld();
  context.world.writeLock(lockOf('https://muster.invalid'));
});
module.after.each(({ world }) => world.close());

const run = (path: string) => execFileSync(path, { encoding: 'utf8' });
const edit = (world: ArtifactWorld, path: string, text: string) =>
  writeFileSync(join(world.project, 'artifacts/modules/lab', path), text);

/** A go of our own in front of the real one. */
async function worldWithGo(script: string | undefined): Promise<ArtifactWorld> {
  const world = await newWorld({ ...process.env, PATH: '/nowhere' });
  if (script === undefined) return world;
  const bin = join(world.dir, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'go'), script);
  chmodSync(join(bin, 'go'), 0o755);
  const other = await newWorld({ ...process.env, PATH: `${bin}:${process.env.PATH}` });
  const close = other.close;
  return { ...other, close: async () => void (await Promise.all([close(), world.close()])) };
}

module('a program is built with its variables set, named package by package, and kept', async ({ world }) => {
  // Go's own cache has the packages of earlier runs of this test.
  const fresh = `const fresh = "${randomUUID()}"`;
  edit(world, 'internal/word/fresh.go', `package word\n\n${fresh}\n`);
  edit(world, 'cmd/tiny/fresh.go', `package main\n\n${fresh}\n`);
  const built = await resolveArtifact(tiny, world.deps({ sources }));
  assert.is(run(built.path), 'tiny first\n');
  assert.match(built.record.toolchain.go ?? '', /^1\.\d+/);
  const packages = world.said.flatMap(line => /package (\d+) of (\d+): (\S+)$/.exec(line)?.slice(1) ?? []);
  assert.ok(packages.includes('tiny/cmd/tiny'), world.said.join('\n'));
  // n reaches m: nothing is counted that is not built, nothing is built that is not counted.
  assert.is(packages.at(-3), packages.at(-2));
  const before = world.said.length;
  assert.equal(await resolveArtifact(tiny, world.deps({ sources })), built);
  assert.is(world.said.length, before);
});

module('several programs are packed into one file by the packer of the module', async ({ world }) => {
  const want = { ...tiny, version: 'packed' };
  const packed = readFileSync((await resolveArtifact(want, world.deps({ sources }))).path);
  const magic = Buffer.from('\x7fELF');
  assert.is(packed.indexOf(magic), 0);
  assert.ok(packed.indexOf(magic, 1) > 0, 'the second program is in it');
});

module('a changed source is another build, a changed page about it is not', async ({ world }) => {
  await resolveArtifact(tiny, world.deps({ sources }));
  const find = async () => {
    const recipe = await lockedRecipe(await readLock(world.project), tiny, world.project);
    return findRecipe(recipe, world.deps({ sources }));
  };
  edit(world, 'internal/word/README.md', 'words about words');
  edit(world, 'internal/word/word_test.go', 'package word');
  assert.ok(await find());
  edit(
    world,
    'internal/word/word.go',
    'package word\n\n// Value is set by the linker.\nvar Value = "other"\n\nvar Unused = 1\n',
  );
  assert.is(await find(), undefined);
});

module('a program that does not compile says what Go said, and leaves nothing', async ({ world }) => {
  edit(world, 'cmd/tiny/main.go', 'package main\n\nfunc main() { undefined() }\n');
  const error = await expectError(resolveArtifact(tiny, world.deps({ sources })), 'ARTIFACT_BUILD');
  assert.match(error.details.join('\n'), 'undefined: undefined');
  const recipe = await lockedRecipe(await readLock(world.project), tiny, world.project);
  assert.is(await findRecipe(recipe, world.deps({ sources })), undefined);
});

for (const environment of ['dev', 'test', 'staging', 'production'] as const) {
  module(`environment ${environment} refuses what is built here, even when it is in the cache`, async ({ world }) => {
    await resolveArtifact(tiny, world.deps({ sources }));
    const error = await expectError(
      resolveArtifact(tiny, world.deps({ sources, environment })),
      'ARTIFACT_SOURCE_REFUSED',
    );
    assert.is(error.exit, 4);
    assert.match(error.message, environment);
  });
}

module('no Go is a clear error that says where to get it', async () => {
  const world = await worldWithGo(undefined);
  world.writeLock(lockOf('https://muster.invalid'));
  const error = await expectError(resolveArtifact(tiny, world.deps({ sources })), 'GO_MISSING');
  assert.match(error.hint, 'go.dev/dl');
  assert.match(error.message, '1.26');
  await world.close();
});

for (const [title, script] of [
  ['of Debian 12', '#!/bin/sh\necho go version go1.19.8 linux/amd64\n'],
  ['that cannot fetch the one go.mod wants', '#!/bin/sh\necho "go: download go1.26: no network" >&2\nexit 1\n'],
] as const) {
  module(`a Go ${title} is too old, and says so`, async () => {
    const world = await worldWithGo(script);
    world.writeLock(lockOf('https://muster.invalid'));
    const error = await expectError(resolveArtifact(tiny, world.deps({ sources })), 'GO_TOO_OLD');
    assert.match(error.message, '1.26');
    await world.close();
  });
}

module('what was built stays good when Go is removed', async ({ world }) => {
  const built = await resolveArtifact(tiny, world.deps({ sources }));
  const other = await worldWithGo(undefined);
  const { shell } = other.deps();
  assert.is((await resolveArtifact(tiny, world.deps({ sources, shell }))).path, built.path);
  await other.close();
});

module.run();
