import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveArtifact } from '../../lib/artifact/index.ts';
import {
  type Fault,
  noise,
  putK3sRelease,
  type ReleaseServer,
  sha256,
  startReleaseServer,
} from '../servers/release-server.ts';
import { expectError } from './expect-error.ts';
import { type ArtifactWorld, FOLDER, k3s, lockOf, newWorld } from './world.ts';

const SIZE = 300_000;
const BINARY = `${FOLDER}/k3s`;

interface Context {
  world: ArtifactWorld;
  server: ReleaseServer;
  /** What upstream has. */
  bytes: Uint8Array;
}

const release = suite<Context>('release');

release.before.each(async context => {
  context.server = await startReleaseServer();
  putK3sRelease(context.server, FOLDER, 'amd64', { binary: SIZE, images: 1000 });
  context.bytes = context.server.files.get(BINARY) ?? new Uint8Array();
  context.world = await newWorld();
  context.world.writeLock(lockOf(context.server.url, `sha256:${sha256(context.bytes)}`));
});

release.after.each(async ({ world, server }) => {
  await world.close();
  await server.close();
});

const fault = (server: ReleaseServer, ...faults: Fault[]) => server.faults.set(BINARY, faults);
const files = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true }).filter(entry => !entry.isDirectory());

release(
  'a file of the lock is fetched once, proven, and then found without the network',
  async ({ world, server, bytes }) => {
    const first = await resolveArtifact(k3s, world.deps());
    assert.equal(readFileSync(first.path), Buffer.from(bytes));
    assert.is(first.sha256, sha256(bytes));
    assert.is(first.record.notes.url, `${server.url}${BINARY.replace('+', '%2B')}`);
    await server.close();
    const second = await resolveArtifact(k3s, world.deps());
    assert.equal(second, first);
    assert.is(server.requests.length, 1);
  },
);

release('a digest that nobody looked up is refused before anything is asked', async ({ world, server }) => {
  world.writeLock(lockOf(server.url));
  const error = await expectError(resolveArtifact(k3s, world.deps()), 'LOCK_UNRESOLVED');
  assert.is(error.exit, 4);
  assert.match(error.hint, 'muster lock');
  assert.equal(server.requests, []);
});

for (const [title, faults, resumes] of [
  ['cut', [{ cut: 100_000 }], true],
  ['cut twice', [{ cut: 100_000 }, { cut: 50_000 }], true],
  ['stalled', [{ stall: 70_000 }], true],
  ['truncated with a length that fits', [{ truncate: 90_000 }], false],
  ['redirected', [{ redirect: `${BINARY.replace('+', '%2B')}?again` }], false],
  ['busy (503) and throttled (429)', [{ status: 503 }, { status: 429 }], false],
] as const) {
  release(`a download that is ${title} ends with the right bytes or none`, async ({ world, server, bytes }) => {
    fault(server, ...faults);
    if (title.startsWith('redirected')) server.files.set(`${BINARY}?again`, bytes);
    const act = resolveArtifact(k3s, world.deps({ idle: 300 }));
    if (title.startsWith('truncated')) {
      await expectError(act, 'ARTIFACT_DIGEST');
      assert.equal(files(world.cache), []);
      return;
    }
    assert.is((await act).sha256, sha256(bytes));
    assert.is(
      server.requests.some(request => request.range !== undefined),
      resumes,
    );
  });
}

release('a cut download goes on after the process was killed, where it was', async ({ world, server, bytes }) => {
  fault(server, ...Array.from({ length: 8 }, () => ({ cut: 20_000 })));
  await expectError(resolveArtifact(k3s, world.deps()), 'ARTIFACT_DOWNLOAD');
  await resolveArtifact(k3s, world.deps());
  const last = server.requests.at(-1);
  assert.match(last?.range ?? '', /^bytes=\d{6}-$/);
  assert.ok(last?.ifRange);
  assert.is((await resolveArtifact(k3s, world.deps())).size, bytes.length);
});

release(
  'a file that changed upstream between two halves is fetched anew, and only the one of the lock is taken',
  async ({ world, server, bytes }) => {
    server.files.set(BINARY, noise('an older build', SIZE));
    fault(server, ...Array.from({ length: 8 }, () => ({ cut: 20_000 })));
    await expectError(resolveArtifact(k3s, world.deps()), 'ARTIFACT_DOWNLOAD');
    server.files.set(BINARY, bytes);
    assert.is((await resolveArtifact(k3s, world.deps())).sha256, sha256(bytes));
  },
);

release('halves of two files under one validator are thrown away, not used', async ({ world, server, bytes }) => {
  fault(server, ...Array.from({ length: 8 }, () => ({ cut: 20_000 })));
  await expectError(resolveArtifact(k3s, world.deps()), 'ARTIFACT_DOWNLOAD');
  const [partial] = files(join(world.cache, 'partial')).filter(entry => !entry.name.endsWith('.validator'));
  const path = join(partial?.parentPath ?? '', partial?.name ?? '');
  writeFileSync(path, noise('somebody else', 150_000));
  assert.is((await resolveArtifact(k3s, world.deps())).sha256, sha256(bytes));
});

release(
  'a server that answers with another range than was asked for is not believed',
  async ({ world, server, bytes }) => {
    fault(server, { cut: 100_000 }, { wrongRange: true });
    assert.is((await resolveArtifact(k3s, world.deps())).sha256, sha256(bytes));
  },
);

release('without a validator a cut download starts over', async ({ world, server, bytes }) => {
  server.validators = false;
  fault(server, { cut: 100_000 });
  assert.is((await resolveArtifact(k3s, world.deps())).sha256, sha256(bytes));
  assert.not(server.requests.some(request => request.range !== undefined));
});

release(
  'altered bytes are refused with both digests and the URL, and nothing of them stays',
  async ({ world, server, bytes }) => {
    const altered = Buffer.from(bytes);
    altered[7] = (altered[7] ?? 0) ^ 1;
    server.files.set(BINARY, altered);
    const error = await expectError(resolveArtifact(k3s, world.deps()), 'ARTIFACT_DIGEST');
    assert.match(error.message, sha256(altered));
    assert.match(error.message, sha256(bytes));
    assert.match(error.message, server.url);
    assert.equal(files(world.cache), []);
  },
);

release(
  'the next source is tried when a file is not there or the server is away, and never when its bytes are wrong',
  async ({ world, server, bytes }) => {
    const mirror = await startReleaseServer();
    mirror.files.set(`/mirror${BINARY}`, bytes);
    const site = {
      name: 'test',
      environment: 'lab' as const,
      artifacts: { sources: ['release', 'mirror'] as const, mirror: `${mirror.url}/mirror/` },
    };
    fault(server, { status: 404 });
    const found = await resolveArtifact(k3s, world.deps({ site }));
    assert.is(found.source, 'mirror');
    server.files.set(BINARY, noise('altered', SIZE));
    rmSync(world.cache, { recursive: true });
    await expectError(resolveArtifact(k3s, world.deps({ site })), 'ARTIFACT_DIGEST');
    await mirror.close();
  },
);

release('when no source has it, every source says why', async ({ world, server }) => {
  fault(server, { status: 404 });
  const site = {
    name: 'test',
    environment: 'lab' as const,
    artifacts: { sources: ['bundle', 'release', 'module'] as const },
  };
  const error = await expectError(resolveArtifact(k3s, world.deps({ site })), 'ARTIFACT_NO_SOURCE');
  assert.is(error.details.length, 3);
  assert.match(error.details.join('\n'), /bundle has no folder.*\n.*HTTP 404\n.*module does not build it/);
});

release('a link planted under the name of the download is removed, not written through', async ({ world, bytes }) => {
  const victim = join(world.dir, 'victim');
  writeFileSync(victim, 'untouched');
  const dir = join(world.cache, 'partial', 'k3s');
  mkdirSync(dir, { recursive: true });
  symlinkSync(victim, join(dir, `sha256-${sha256(bytes)}`));
  const { path } = await resolveArtifact(k3s, world.deps());
  assert.is(readFileSync(victim, 'utf8'), 'untouched');
  assert.ok(lstatSync(path).isFile());
});

release.run();
