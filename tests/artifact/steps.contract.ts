import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { artifactSteps, hostProgram } from '../../lib/artifact/index.ts';
import { type Ctx, makePlan, type RunEnv, runSteps } from '../../lib/engine/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { memoryGate, newWorld as newEngineWorld, newEnv } from '../engine/world.ts';
import { putK3sRelease, type ReleaseServer, sha256, startReleaseServer } from '../servers/release-server.ts';
import { expectError } from './expect-error.ts';
import { type ArtifactWorld, FOLDER, lockOf, newWorld, VERSION } from './world.ts';

const steps = suite<{ world: ArtifactWorld; server: ReleaseServer }>('artifact steps');

steps.before.each(async context => {
  context.server = await startReleaseServer();
  putK3sRelease(context.server, FOLDER, 'amd64', { binary: 5000, images: 10 });
  context.world = await newWorld();
  const digest = sha256(context.server.files.get(`${FOLDER}/k3s`) ?? new Uint8Array());
  context.world.writeLock(lockOf(context.server.url, `sha256:${digest}`));
});
steps.after.each(async ({ world, server }) => {
  await world.close();
  await server.close();
});

const site = (environment: Site['environment'], sources: Site['artifacts']['sources'], version = VERSION) =>
  ({
    name: 'test',
    environment,
    artifacts: { sources },
    cluster: { kind: 'k3s', version },
    addons: { coredns: true, 'local-path': true, 'metrics-server': true },
  }) as unknown as Site;

function envOf(world: ArtifactWorld): RunEnv {
  const env = newEnv(newEngineWorld(), world.dir);
  const { shell } = world.deps();
  return {
    ...env,
    run: { ...env.run, dirs: { project: world.project, state: world.dir, cache: world.cache } },
    ports: { ...env.ports, shell: async () => shell },
  };
}

steps(
  'a plan, an apply, a plan: the last has no changes, and the network is asked by the apply alone',
  async ({ world, server }) => {
    const env = envOf(world);
    const all = artifactSteps(site('production', ['release']));
    const before = await makePlan(all, env);
    assert.is(before.changes, 1);
    assert.equal(server.requests, []);
    const gate = memoryGate();
    assert.equal((await runSteps(all, env, gate)).changed.length, 1);
    assert.is(gate.entries.length, 2, 'begin and end of one effect');
    assert.is(server.requests.length, 1);
    const after = await makePlan(all, env);
    assert.is(after.changes + after.unknown, 0);
    assert.is(server.requests.length, 1);
  },
);

steps('a plan says which source is missing instead of promising what none of them has', async ({ world }) => {
  const { artifacts, ...lock } = lockOf('https://muster.invalid');
  world.writeLock({ ...lock, artifacts: { k3s: artifacts.k3s, kopia: { v1: artifacts.tiny.v1 } } });
  const backup = { store: { kind: 's3' }, sources: ['velero'] };
  const without = { ...site('production', ['release']), backup } as unknown as Site;
  const kopia = (all: Site) => artifactSteps(all).filter(({ id }) => id === 'artifact.kopia');
  const { items, changes } = await makePlan(kopia(without), envOf(world));
  assert.is(changes, 0);
  assert.equal(items[0]?.decision, { is: 'unknown', reason: 'cannot have kopia v1: release has no download of it' });
  // What is to be gone needs no source.
  const gone = kopia(without).map(({ want: _, ...step }) => step as ReturnType<typeof artifactSteps>[number]);
  assert.is((await makePlan(gone, envOf(world))).items[0]?.decision.is, 'done');
});

steps('a program that this computer runs is looked for, made by its step, and then it is there', async ({ world }) => {
  const { artifacts, ...lock } = lockOf('https://muster.invalid');
  world.writeLock({ ...lock, artifacts: { k3s: artifacts.k3s, versitygw: { v1: artifacts.tiny.v1 } } });
  const lab = {
    ...site('lab', ['module']),
    backup: { store: { kind: 'local' }, sources: ['postgres'] },
  } as unknown as Site;
  const env = envOf(world);
  const { shell, ...deps } = world.deps();
  const ctx = { run: env.run, ...deps, shell: async () => shell } as unknown as Ctx;
  const program = hostProgram(lab, 'versitygw');
  assert.is(await program.find(ctx), undefined);
  const step = artifactSteps(lab).filter(({ id }) => id === 'artifact.versitygw');
  assert.is(step.length, 1);
  assert.equal((await runSteps(step, env, memoryGate())).changed.length, 1);
  const found = await program.find(ctx);
  assert.ok(found);
  assert.is((await shell.run([found.path])).trim(), 'tiny first');
  assert.equal(await program.have(ctx), found);
});

steps('a version that the lock does not have ends the run with what it has', async ({ world }) => {
  const all = artifactSteps(site('lab', ['release'], 'v1.99.0+k3s1'));
  const error = await expectError(runSteps(all, envOf(world), memoryGate()), 'LOCK_NO_VERSION');
  assert.match(error.message, VERSION);
});

steps('a site that is removed leaves the cache alone', async ({ world }) => {
  const env = envOf(world);
  await runSteps(artifactSteps(site('lab', ['release'])), env, memoryGate());
  const gone = artifactSteps(site('lab', ['release'])).map(({ want: _, ...step }) => step);
  assert.equal((await runSteps(gone, env, memoryGate())).changed, []);
});

steps.run();
