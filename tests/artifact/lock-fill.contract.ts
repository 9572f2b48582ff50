import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fillLock, resolveArtifact } from '../../lib/artifact/index.ts';
import { putK3sRelease, type ReleaseServer, sha256, startReleaseServer } from '../servers/release-server.ts';
import { expectError } from './expect-error.ts';
import { type ArtifactWorld, FOLDER, k3s, newWorld } from './world.ts';

const lock = suite<{ world: ArtifactWorld; server: ReleaseServer }>('muster lock');
const ZERO = `sha256:${'0'.repeat(64)}`;

/** As a person writes it: comments, an order of its own, one digest that is there already. */
const text = (base: string) => `# what is installed
schema: 1
module: artifacts/modules/lab
artifacts:
  k3s: # the cluster
    v1.36.4+k3s1:
      release:
        base: ${base}${FOLDER}
        arm64: { file: k3s-arm64, sums: sha256sum-arm64.txt, digest: unresolved } # for a Raspberry
        amd64: { file: k3s, sums: sha256sum-amd64.txt, digest: unresolved }
  k3s-airgap-images:
    v1.36.4+k3s1:
      release:
        base: ${base}${FOLDER}
        arm64: { file: k3s-airgap-images-arm64.tar.zst, sums: sha256sum-arm64.txt, digest: ${ZERO} }
        amd64: { file: k3s-airgap-images-amd64.tar.zst, sums: sha256sum-amd64.txt, digest: unresolved }
images: {}
`;

lock.before.each(async context => {
  context.server = await startReleaseServer();
  putK3sRelease(context.server, FOLDER, 'amd64', { binary: 5000, images: 1000 });
  putK3sRelease(context.server, FOLDER, 'arm64', { binary: 6000, images: 1000 });
  context.world = await newWorld();
  context.world.writeLock(text(context.server.url));
});
lock.after.each(async ({ world, server }) => {
  await world.close();
  await server.close();
});

const read = (world: ArtifactWorld) => readFileSync(join(world.project, 'artifacts/lock.yaml'), 'utf8');
const digestOf = (server: ReleaseServer, file: string) =>
  `sha256:${sha256(server.files.get(`${FOLDER}/${file}`) ?? new Uint8Array())}`;

lock(
  'unresolved digests are filled from the sums files, and everything else stays as it was written',
  async ({ world, server }) => {
    const filled = await fillLock(world.deps());
    assert.equal(filled.map(({ file }) => file).sort(), ['k3s', 'k3s-airgap-images-amd64.tar.zst', 'k3s-arm64']);
    const wanted = text(server.url).replace(/file: (\S+), (.*)digest: unresolved/g, (_, file, sums) => {
      return `file: ${file}, ${sums}digest: ${digestOf(server, file)}`;
    });
    assert.is(read(world), wanted);
    assert.is((await resolveArtifact(k3s, world.deps())).size, 5000);
    const asked = server.requests.length;
    assert.equal(await fillLock(world.deps()), []);
    assert.is(server.requests.length, asked);
  },
);

for (const [title, sums] of [
  ['is a page in HTML', '<html>not found</html>'],
  ['has no line for the file', `${'a'.repeat(64)}  k3s-armhf\n`],
  ['has two digests for the file', `${'a'.repeat(64)}  k3s\n${'b'.repeat(64)}  k3s\n`],
  ['has a digest that is cut', `${'a'.repeat(63)}  k3s\n`],
] as const) {
  lock(`a sums file that ${title} fills nothing, not even the others`, async ({ world, server }) => {
    server.files.set(`${FOLDER}/sha256sum-amd64.txt`, Buffer.from(sums));
    const before = read(world);
    const error = await expectError(fillLock(world.deps()), 'LOCK_SUMS');
    assert.match(error.message, `${FOLDER}/sha256sum-amd64.txt`);
    assert.is(read(world), before);
  });
}

lock(
  'sums that do not belong to the file are found at install, before a byte of it is used',
  async ({ world, server }) => {
    const wrong = ['k3s', 'k3s-airgap-images-amd64.tar.zst'].map(name => `${'a'.repeat(64)}  ${name}\n`);
    server.files.set(`${FOLDER}/sha256sum-amd64.txt`, Buffer.from(wrong.join('')));
    await fillLock(world.deps());
    await expectError(resolveArtifact(k3s, world.deps()), 'ARTIFACT_DIGEST');
  },
);

lock('a site with a mirror alone asks the mirror alone', async ({ world, server }) => {
  world.writeLock(text('https://muster.invalid'));
  const site = {
    name: 'test',
    environment: 'staging' as const,
    artifacts: { sources: ['mirror'] as const, mirror: server.url },
  };
  assert.is((await fillLock(world.deps({ site }))).length, 3);
});

lock.run();
