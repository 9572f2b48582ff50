import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fillLock, imageRefs } from '../../lib/artifact/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { type Registry, startRegistry } from '../servers/registry.ts';
import { expectError } from './expect-error.ts';
import { type ArtifactWorld, newWorld } from './world.ts';

const test = suite<{ world: ArtifactWorld; registry: Registry }>('images that nodes pull');
const REF = 'muster.lab/tool:1';
const hex = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A docker-archive of one image of one layer. */
function archiveIn(dir: string): string {
  const from = join(dir, 'archive');
  mkdirSync(from);
  const layer = Buffer.alloc(1024);
  const config = JSON.stringify({ os: 'linux', rootfs: { type: 'layers', diff_ids: [`sha256:${hex(layer)}`] } });
  writeFileSync(join(from, 'layer.tar'), layer);
  writeFileSync(join(from, `${hex(config)}.json`), config);
  const manifest = [{ Config: `${hex(config)}.json`, RepoTags: [REF], Layers: ['layer.tar'] }];
  writeFileSync(join(from, 'manifest.json'), JSON.stringify(manifest));
  execFileSync('tar', ['-cf', join(dir, 'images.tar'), '-C', from, '.']);
  return join(dir, 'images.tar');
}

const lockText = (host: string) => `schema: 1
module: artifacts/modules/lab
artifacts: {}
images:
  debian-base: # its find
    release: { image: "${host}/library/debian:slim", digest: unresolved }
  velero: # the server
    for: velero
    release: { image: registry.example/velero/velero:v1, host: HERE, digest: unresolved }
`;

test.before.each(async context => {
  context.world = await newWorld();
  context.registry = await startRegistry(archiveIn(context.world.dir), [
    { repository: 'library/debian', tag: 'slim', ref: REF },
  ]);
});
test.after.each(async ({ world, registry }) => {
  await world.close();
  await registry.close();
});

const site = {
  cluster: { kind: 'eks', version: '1.36' },
  addons: {},
  backup: { sources: ['velero'] },
} as unknown as Site;
/** Of the stand-in alone. */
const one = ({ registry }: { registry: Registry }) => lockText(registry.host).replace(/ {2}velero:.*/s, '');
const read = (world: ArtifactWorld) => readFileSync(join(world.project, 'artifacts/lock.yaml'), 'utf8');

test('what a tag names is looked up with a token that everybody gets, and written beside its name', async context => {
  const { world, registry } = context;
  world.writeLock(one(context));
  const [filled] = await fillLock(world.deps());
  const digest = registry.digests['library/debian'];
  assert.is(filled?.digest, digest);
  assert.is(read(world), one(context).replace('unresolved', `${digest}`));
  assert.equal(
    registry.requests,
    ['GET', 'TOKEN', 'GET'].map(each =>
      each === 'TOKEN' ? 'GET /token' : `${each} /v2/library/debian/manifests/slim`,
    ),
  );
  assert.equal(await fillLock(world.deps()), []);
});

test('a registry that names other bytes than it sends is not believed', async context => {
  const { world, registry } = context;
  world.writeLock(one(context));
  registry.lies = `sha256:${'0'.repeat(64)}`;
  await expectError(fillLock(world.deps()), 'ARTIFACT_DIGEST');
  assert.is(read(world), one(context));
});

test('a tag that is not there fills nothing', async context => {
  const { world } = context;
  world.writeLock(one(context).replace(':slim', ':gone'));
  const error = await expectError(fillLock(world.deps()), 'ARTIFACT_ABSENT');
  assert.match(error.message, /manifests\/gone: HTTP 404/);
});

test('manifests name an image by its digest, and none is named without', async context => {
  const { world, registry } = context;
  const digest = registry.digests['library/debian'] ?? '';
  const text = lockText(registry.host).replace('HERE', 'registry-1.example');
  world.writeLock(text);
  await expectError(imageRefs(site, world.project), 'LOCK_UNRESOLVED');
  world.writeLock(text.replaceAll('unresolved', digest));
  assert.equal(await imageRefs(site, world.project), {
    velero: `registry.example/velero/velero:v1@${digest}`,
    'debian-base': `${registry.host}/library/debian:slim@${digest}`,
  });
});

test.run();
