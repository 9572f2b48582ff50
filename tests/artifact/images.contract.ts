import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { imagesRecipe } from '../../lib/artifact/images.ts';
import { resolveRecipe } from '../../lib/artifact/index.ts';
import { parseLock } from '../../lib/artifact/lock-file.ts';
import { removeTree } from '../../lib/artifact/remove-tree.ts';
import type { Shell } from '../../lib/engine/index.ts';
import { skip } from '../starter/skip.ts';
import { expectError } from './expect-error.ts';
import { type ArtifactWorld, newWorld } from './world.ts';

interface Context {
  world: ArtifactWorld;
  shell: Shell;
}

const images = suite<Context>('images');

const LOCK = `schema: 1
module: artifacts/modules/lab
artifacts:
  tiny: { v1: { module: { packages: [./cmd/tiny] } } }
images:
  base: {}
  hello: { for: app, from: base, include: { page: app/page }, binaries: { tiny: v1 } }
  shell:
    for: cluster
    debian:
      busybox: { package: busybox-static, path: /bin/busybox }
      copying: { package: busybox-static, path: /usr/share/doc/busybox-static }
`;

const put = (world: ArtifactWorld, path: string, text: string) => {
  mkdirSync(join(world.project, path, '..'), { recursive: true });
  writeFileSync(join(world.project, path), text);
};

images.before.each(async context => {
  context.world = await newWorld();
  context.shell = context.world.deps().shell;
  const { code } = await context.shell.exec({ script: 'command -v podman && command -v runc' });
  if (code !== 0) skip('podman and runc are not on this computer: apt-get install podman runc');
  context.world.writeLock(LOCK);
  put(context.world, 'images/base/Containerfile', 'FROM scratch\nCOPY marker /marker\n');
  put(context.world, 'images/base/marker', 'base');
  put(
    context.world,
    'images/hello/Containerfile',
    'ARG BASE\nFROM $BASE\nCOPY tiny /tiny\nCOPY page /page\nENTRYPOINT ["/tiny"]\n',
  );
  put(context.world, 'images/shell/Containerfile', 'FROM scratch\nCOPY busybox /bin/sh\nCOPY copying /copying\n');
  put(context.world, 'app/page/index.html', '<p>hello');
  put(context.world, 'app/page/__pycache__/x.pyc', 'left by a tool');
  chmodSync(join(context.world.project, 'app/page/index.html'), 0o600);
});
images.after.each(async ({ world }) => {
  await removeTree(world.cache, world.deps());
  await world.close();
});

const recipe = (world: ArtifactWorld, names: string[]) =>
  imagesRecipe(parseLock(LOCK, 'lock.yaml'), names, 'amd64', world.project);
const build = async ({ world }: Context, names: string[]) =>
  resolveRecipe(await recipe(world, names), world.deps({ sources: ['module'] }));

interface Entry {
  RepoTags: string[];
  Layers: string[];
}

/** What the archive says is in it. */
async function manifest({ shell }: Context, archive: string): Promise<Entry[]> {
  return JSON.parse(await shell.run(['tar', '-xOf', archive, 'manifest.json']));
}

/** 'mode path' of every file of an image. */
async function filesOf({ shell, world }: Context, archive: string, entry: Entry): Promise<string[]> {
  const script = 'cd "$1" && tar -xf "$2" && shift 2 && for l in "$@"; do tar -tvf "$l"; done';
  const text = await shell.run({ script, args: [world.dir, archive, ...entry.Layers] });
  return text.split('\n').flatMap(line => /^(\S+) .* (\S+)$/.exec(line)?.slice(1).join(' ') ?? []);
}

images(
  'images are built from their folders, a base, programs and packages, and saved as one archive',
  async context => {
    const archive = await build(context, ['hello', 'shell']);
    const entries = await manifest(context, archive.path);
    const tags = entries.flatMap(entry => entry.RepoTags).sort();
    assert.equal(tags, archive.record.notes.images);
    for (const tag of tags) assert.match(tag, /^muster\.lab\/(hello|shell):[0-9a-f]{12}$/);
    const hello = entries.find(entry => entry.RepoTags[0]?.includes('hello'));
    assert.ok(hello);
    const files = await filesOf(context, archive.path, hello);
    assert.ok(files.includes('-rwxr-xr-x tiny'), files.join('\n'));
    // Readable for the image's user, whatever umask the checkout was made with.
    assert.ok(files.includes('-rw-r--r-- page/index.html'), files.join('\n'));
    assert.not(files.join('\n').includes('pycache'));
    const shell = entries.find(entry => entry.RepoTags[0]?.includes('shell'));
    assert.ok(shell);
    const packaged = await filesOf(context, archive.path, shell);
    assert.ok(packaged.includes('-rwxr-xr-x bin/sh'), packaged.join('\n'));
    assert.ok(packaged.includes('-rw-r--r-- copying/copyright'), packaged.join('\n'));
  },
);

images('what did not change is not built again, and what did has another name', async context => {
  const { world } = context;
  const first = await build(context, ['hello', 'shell']);
  const before = world.said.length;
  assert.is((await build(context, ['hello', 'shell'])).path, first.path);
  assert.is(world.said.length, before);
  put(world, 'app/page/index.html', '<p>hello, again');
  const second = await build(context, ['hello', 'shell']);
  const steps = world.said.slice(before).filter(line => line.includes('preparing'));
  assert.equal(steps, ['image hello: preparing']);
  const refs = (made: typeof first) => made.record.notes.images as string[];
  assert.is.not(refs(first)[0], refs(second)[0]);
  assert.is(refs(first)[1], refs(second)[1]);
});

images('a Containerfile that fails says what podman said', async context => {
  put(context.world, 'images/shell/Containerfile', 'FROM scratch\nCOPY absent /x\n');
  const error = await expectError(build(context, ['shell']), 'ARTIFACT_BUILD');
  assert.match(error.message, 'image shell');
  assert.match(error.details.join('\n'), 'absent');
});

images('a folder that is not there is named before anything is built', async ({ world }) => {
  cpSync(join(world.project, 'app'), join(world.project, 'app2'), { recursive: true });
  const lock = parseLock(LOCK.replace('app/page', 'app/pages'), 'lock.yaml');
  const error = await expectError(imagesRecipe(lock, ['hello'], 'amd64', world.project), 'ARTIFACT_BUILD');
  assert.match(error.message, 'app/pages');
});

images('after a SIGKILL inside a build the next run removes what it left, and finishes', async context => {
  const { world } = context;
  put(
    world,
    'images/shell/Containerfile',
    'FROM scratch\nCOPY busybox /bin/sh\nRUN ["/bin/sh", "-c", "sleep $(cat /pause 2>/dev/null || echo 600)"]\n',
  );
  const program = join(import.meta.dirname, '../programs/image-maker.ts');
  const child = spawn(process.execPath, [program, world.project, world.cache], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    // What the killed one leaves goes with this test's folder.
    env: { ...process.env, TMPDIR: world.dir },
  });
  child.stdout.setEncoding('utf8');
  let text = '';
  while (!text.includes('STEP 3/3')) text += (await once(child.stdout, 'data'))[0];
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await once(child, 'close');
  put(world, 'images/shell/Containerfile', 'FROM scratch\nCOPY busybox /bin/sh\n');
  const archive = await build(context, ['shell']);
  assert.is((await manifest(context, archive.path)).length, 1);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(world.cache));
  assert.equal(mounts, []);
});

images(
  'what a killed build left mounted is unmounted before anything is removed, and what it started is ended',
  async context => {
    const { world, shell } = context;
    if (process.getuid?.() !== 0) skip('only root can mount');
    const victim = join(world.dir, 'victim');
    const left = join(world.cache, 'work/images/killed/proc');
    mkdirSync(victim);
    mkdirSync(left, { recursive: true });
    writeFileSync(join(victim, 'precious'), 'here');
    await shell.run(['mount', '--bind', victim, left]);
    const orphan = spawn('sleep', ['600'], {
      env: { PATH: '/usr/bin:/bin', TMPDIR: join(world.cache, 'work/images/killed') },
      stdio: 'ignore',
    });
    const ended = once(orphan, 'exit');
    await build(context, ['shell']);
    assert.equal(await ended, [null, 'SIGKILL']);
    assert.is(readFileSync(join(victim, 'precious'), 'utf8'), 'here');
    assert.not(existsSync(left));
  },
);

images.run();
