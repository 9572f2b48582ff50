import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeBundle, type Recipe, type Resolved, resolveRecipe, thisArch } from '../../lib/artifact/index.ts';
import { machineArtifacts } from '../../lib/host/machine-image/index.ts';
import { diskRecipe, treeRecipe } from '../../lib/host/machine-image/recipes.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { expectError } from '../artifact/expect-error.ts';
import { type ArtifactWorld, lockOf, newWorld, VERSION } from '../artifact/world.ts';

interface Context {
  /** Where the bundle is made. */
  world: ArtifactWorld;
  /** Another checkout with an empty cache, and no tools. */
  far: ArtifactWorld;
  dir: string;
  parts: Resolved[];
}

const machines = suite<Context>('what machines start from');

const site = (kind: 'qemu' | 'existing') =>
  ({
    name: 'test',
    provider: { kind },
    cluster: { kind: 'k3s', version: VERSION },
    addons: { coredns: true, 'local-path': true, 'metrics-server': true },
  }) as unknown as Site;

/** A checkout whose recipes are the real ones, of other files. */
function putRecipe(world: ArtifactWorld): void {
  world.writeLock(lockOf('https://muster.invalid', `sha256:${'0'.repeat(64)}`));
  mkdirSync(join(world.project, 'images/machine'), { recursive: true });
  writeFileSync(join(world.project, 'images/machine/mmdebstrap.args'), '--variant=custom\n');
}

/** The thing of a recipe that takes root and minutes, without them. */
const instead = (recipe: Recipe, make: (path: string, work: string) => void): Recipe => ({
  ...recipe,
  build: {
    toolchain: async () => ({}),
    make: async (path, work) => {
      make(path, work);
      return {};
    },
  },
});

machines.before.each(async context => {
  context.world = await newWorld();
  context.far = await newWorld({ ...process.env, PATH: '/nowhere' });
  putRecipe(context.world);
  putRecipe(context.far);
  const deps = context.world.deps({ sources: ['module'] });
  const place = { project: context.world.project, arch: thisArch() };
  const tree = instead(await treeRecipe(place), (path, work) => {
    mkdirSync(join(work, 'boot'));
    for (const name of ['vmlinuz', 'initrd']) writeFileSync(join(work, 'boot', name), `this is the ${name}`);
    execFileSync('tar', ['-cf', path, '-C', work, './boot']);
  });
  const made = await resolveRecipe(tree, deps);
  await resolveRecipe(
    instead(await diskRecipe(place, made, undefined), path => writeFileSync(path, 'this is the disk')),
    deps,
  );
  context.parts = await machineArtifacts(site('qemu'), deps);
  context.dir = join(context.world.dir, 'bundle');
  await makeBundle(context.dir, context.parts, deps);
});
machines.after.each(async ({ world, far }) => {
  await world.close();
  await far.close();
});

const farDeps = ({ far, dir }: Context) =>
  far.deps({ site: { name: 'far', environment: 'lab', artifacts: { sources: ['bundle'], bundle: dir } } });

machines('come out of a bundle where there is no tool to make them', async context => {
  const there = await machineArtifacts(site('qemu'), farDeps(context));
  const shortly = ({ record: { name, source }, sha256 }: Resolved) => `${name} ${source} ${sha256}`;
  assert.equal(
    there.map(shortly),
    context.parts.map(part => shortly(part).replace('module', 'bundle')),
  );
  assert.equal(
    there.map(({ record, path }) => [record.name, record.name === 'machine-tree' || readFileSync(path, 'utf8')]),
    [
      ['machine-tree', true],
      ['machine-vmlinuz', 'this is the vmlinuz'],
      ['machine-initrd', 'this is the initrd'],
      ['machine-disk', 'this is the disk'],
    ],
  );
});

for (const at of [0, 1, 2, 3])
  machines(`part ${at + 1} of 4 with a changed byte is refused`, async context => {
    const file = join(context.dir, 'files', context.parts[at]?.sha256 ?? '');
    const bytes = readFileSync(file);
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const error = await expectError(machineArtifacts(site('qemu'), farDeps(context)), 'ARTIFACT_DIGEST');
    assert.match(error.message, file);
  });

machines('of a checkout with another recipe are not taken for this one', async context => {
  writeFileSync(join(context.far.project, 'images/machine/mmdebstrap.args'), '--variant=minbase\n');
  await expectError(machineArtifacts(site('qemu'), farDeps(context)), 'ARTIFACT_NO_SOURCE');
});

machines('are nothing of ours for hosts that somebody brings', async ({ world }) => {
  assert.equal(await machineArtifacts(site('existing'), world.deps({ sources: ['module'] })), []);
});

machines.run();
