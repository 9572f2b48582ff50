import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keep } from '../../lib/artifact/cache.ts';
import { makeBundle, type Resolved, resolveArtifact, verifyBundle } from '../../lib/artifact/index.ts';
import { putK3sRelease, type ReleaseServer, sha256, startReleaseServer } from '../servers/release-server.ts';
import { expectError } from './expect-error.ts';
import { type ArtifactWorld, FOLDER, k3s, lockOf, newWorld, tiny } from './world.ts';

interface Context {
  /** Where the bundle is made. */
  world: ArtifactWorld;
  /** Another checkout with an empty cache, no network and no Go. */
  far: ArtifactWorld;
  dir: string;
  artifacts: Resolved[];
  lock: unknown;
}

const bundle = suite<Context>('bundle');
let server: ReleaseServer;

bundle.before.each(async context => {
  server = await startReleaseServer();
  putK3sRelease(server, FOLDER, 'amd64', { binary: 5000, images: 10 });
  context.world = await newWorld();
  context.lock = lockOf(server.url, `sha256:${sha256(server.files.get(`${FOLDER}/k3s`) ?? new Uint8Array())}`);
  context.world.writeLock(context.lock);
  const deps = context.world.deps({ sources: ['release', 'module'] });
  context.artifacts = [await resolveArtifact(k3s, deps), await resolveArtifact(tiny, deps)];
  await server.close();
  context.dir = join(context.world.dir, 'bundle');
  context.far = await newWorld({ ...process.env, PATH: '/nowhere' });
  context.far.writeLock(context.lock);
});
bundle.after.each(async ({ world, far }) => {
  await world.close();
  await far.close();
});

const make = ({ world, dir, artifacts }: Context) => makeBundle(dir, artifacts, world.deps());
const from = ({ far }: Context, dir: string, environment: 'lab' | 'production' = 'lab', bundleDigest?: string) =>
  far.deps({
    site: {
      name: 'far',
      environment,
      artifacts: { sources: ['bundle'], bundle: dir, ...(bundleDigest && { bundleDigest }) },
    },
  });
const file = (dir: string, { sha256: digest }: { sha256: string }) => join(dir, 'files', digest);

bundle('what was bundled here installs there, from another path, without network and Go', async context => {
  await make(context);
  const moved = join(context.far.dir, 'usb stick');
  renameSync(context.dir, moved);
  await verifyBundle(moved);
  for (const [index, want] of [k3s, tiny].entries()) {
    const there = await resolveArtifact(want, from(context, moved));
    assert.is(there.sha256, context.artifacts[index]?.sha256);
    assert.is(there.source, 'bundle');
    assert.is(there.record.madeAt !== '', true);
  }
});

bundle('a bundle of a bundle tells where things came from first', async context => {
  await make(context);
  const there = await resolveArtifact(tiny, from(context, context.dir));
  const again = await makeBundle(join(context.far.dir, 'second'), [there], context.far.deps());
  assert.is(again.artifacts[0]?.source, 'module');
  assert.is(again.artifacts[0]?.notes.bundle, undefined);
});

bundle(
  'one flipped bit in a bundled file is found at use and by verifying, and the file is not used',
  async context => {
    await make(context);
    for (const [index, want] of [k3s, tiny].entries()) {
      const path = file(context.dir, context.artifacts[index] ?? { sha256: '' });
      const bytes = readFileSync(path);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(path, bytes);
      await expectError(resolveArtifact(want, from(context, context.dir)), 'ARTIFACT_DIGEST');
    }
    await expectError(verifyBundle(context.dir), 'ARTIFACT_DIGEST');
    assert.not(existsSync(join(context.far.cache, 'sha256')));
  },
);

bundle('a manifest that names another digest than the lock is no way around the lock', async context => {
  await make(context);
  const path = join(context.dir, 'manifest.json');
  const evil = Buffer.from('#!/bin/sh\n');
  const digest = sha256(evil);
  writeFileSync(file(context.dir, { sha256: digest }), evil);
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.artifacts[0] = { ...manifest.artifacts[0], sha256: digest, size: evil.length };
  writeFileSync(path, JSON.stringify(manifest));
  await expectError(resolveArtifact(k3s, from(context, context.dir)), 'ARTIFACT_DIGEST');
});

bundle('a build in a bundle stays a build: only a lab takes it', async context => {
  await make(context);
  await expectError(resolveArtifact(tiny, from(context, context.dir, 'production')), 'ARTIFACT_SOURCE_REFUSED');
  assert.ok(await resolveArtifact(k3s, from(context, context.dir, 'production')));
});

bundle(
  'outside a lab a build is taken out of the bundle that is named by its digest, and out of no other',
  async context => {
    const { digest } = await make(context);
    const production = from(context, context.dir, 'production', digest);
    assert.is((await resolveArtifact(tiny, production)).sha256, context.artifacts[1]?.sha256);
    const other = from(context, context.dir, 'production', `sha256:${'0'.repeat(64)}`);
    const error = await expectError(resolveArtifact(tiny, other), 'ARTIFACT_DIGEST');
    assert.match(error.message, `manifest.json: got ${digest}`);
  },
);

bundle('bytes that the cache has of the same inputs are not those of the bundle that is named', async context => {
  const { digest } = await make(context);
  const [, built] = context.artifacts;
  const path = join(context.world.dir, 'other');
  writeFileSync(path, 'built elsewhere of the same');
  assert.ok(built);
  const { inputs, toolchain } = built.record;
  const key = { want: tiny, inputs, toolchain };
  await keep(context.far.cache, path, { key, source: 'module', mode: 0o755, madeAt: '', notes: {} });
  assert.is((await resolveArtifact(tiny, from(context, context.dir))).source, 'module');
  const there = await resolveArtifact(tiny, from(context, context.dir, 'production', digest));
  assert.is(there.sha256, built.sha256);
});

bundle('a build of other sources than this checkout has is not taken for this one', async context => {
  await make(context);
  writeFileSync(join(context.far.project, 'artifacts/modules/lab/cmd/tiny/more.go'), 'package main\n');
  const error = await expectError(resolveArtifact(tiny, from(context, context.dir)), 'ARTIFACT_NO_SOURCE');
  assert.match(error.message, 'other inputs');
});

bundle('a stopped bundle has no name yet, and the next one goes on with what is whole', async context => {
  const stop = new AbortController();
  const deps = context.world.deps({
    signal: stop.signal,
    progress: text => text.startsWith('2 of 2') && stop.abort(new Error('stop')),
  });
  const [first, second] = context.artifacts;
  assert.ok(first && second);
  // Stops inside the second: the first is whole.
  const broken = { ...second, path: join(context.world.dir, 'gone') };
  await makeBundle(context.dir, [first, broken], deps).then(
    () => assert.unreachable(),
    () => undefined,
  );
  assert.not(existsSync(context.dir));
  // A half file, as a kill leaves it, and one of an older list.
  const partial = `${context.dir}.partial`;
  writeFileSync(file(partial, second), 'half');
  writeFileSync(file(partial, { sha256: 'f'.repeat(64) }), 'old');
  const kept = readFileSync(file(partial, first));
  await make(context);
  await verifyBundle(context.dir);
  assert.equal(readFileSync(file(context.dir, first)), kept);
  assert.equal(readdirSync(join(context.dir, 'files')).sort(), [first.sha256, second.sha256].sort());
  assert.equal(
    readdirSync(context.world.dir).filter(name => name.startsWith('bundle')),
    ['bundle'],
  );
});

bundle('a newer bundle replaces an older one, and a folder of somebody else never', async context => {
  await make(context);
  context.artifacts = context.artifacts.slice(1);
  await make(context);
  assert.is((await verifyBundle(context.dir)).artifacts.length, 1);
  const home = join(context.world.dir, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'letter.txt'), 'dear');
  const error = await expectError(makeBundle(home, context.artifacts, context.world.deps()), 'BUNDLE_EXISTS');
  assert.match(error.message, 'letter.txt');
  assert.is(readFileSync(join(home, 'letter.txt'), 'utf8'), 'dear');
});

for (const [title, text] of [
  ['is not JSON', '{"schema":1,'],
  ['has a digest that is a path', '{"schema":1,"artifacts":[{"sha256":"../../x"}]}'],
  ['is of a later schema', '{"schema":2,"artifacts":[]}'],
] as const) {
  bundle(`a manifest that ${title} is refused`, async context => {
    await make(context);
    writeFileSync(join(context.dir, 'manifest.json'), text);
    await expectError(resolveArtifact(k3s, from(context, context.dir)), 'BUNDLE_INVALID');
  });
}

bundle('a bundle without a manifest lacks everything, and says so', async context => {
  await make(context);
  rmSync(join(context.dir, 'manifest.json'));
  const error = await expectError(resolveArtifact(k3s, from(context, context.dir)), 'ARTIFACT_NO_SOURCE');
  assert.match(error.message, 'manifest.json');
});

bundle.run();
