import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keyOf, type Recipe, resolveRecipe } from '../../lib/artifact/index.ts';
import { type ArtifactWorld, newWorld } from './world.ts';

const cache = suite<{ world: ArtifactWorld; made: number }>('cache');
cache.before.each(async context => {
  context.world = await newWorld();
  context.made = 0;
});
cache.after.each(({ world }) => world.close());

const want = { name: 'thing', version: 'v1', arch: 'amd64' } as const;
const TEXT = 'the bytes of the thing';

/** Counts how often it is made. */
const thing = (context: { made: number }, inputs: Record<string, string> = { source: 'a' }): Recipe => ({
  want,
  inputs,
  mode: 0o755,
  build: {
    toolchain: async () => ({}),
    async make(path) {
      context.made++;
      writeFileSync(path, TEXT);
      return { by: 'a test' };
    },
  },
});

const sources = ['module'] as const;

cache('a thing is made once for its inputs, and again when one of them changes', async context => {
  const deps = context.world.deps({ sources });
  const first = await resolveRecipe(thing(context), deps);
  assert.is(readFileSync(first.path, 'utf8'), TEXT);
  assert.is(statSync(first.path).mode & 0o777, 0o755);
  await resolveRecipe(thing(context), deps);
  assert.is(context.made, 1);
  await resolveRecipe(thing(context, { source: 'b' }), deps);
  assert.is(context.made, 2);
});

cache('the same bytes of other inputs do not make the first ones be hashed or made again', async context => {
  const deps = context.world.deps({ sources });
  await resolveRecipe(thing(context), deps);
  await resolveRecipe(thing(context, { source: 'b' }), deps);
  await resolveRecipe(thing(context), deps);
  assert.is(context.made, 2);
});

const write = (text: string) => async (path: string) => {
  writeFileSync(path, text);
  return {};
};

for (const [name, sources, kept] of [
  ['thing', 'abcdef', 'acdef'],
  ['images', 'abcdefghij', 'acdefghij'],
] as const)
  cache(`only the newest builds of ${name} are kept, and what another thing shares with them`, async context => {
    const deps = context.world.deps({ sources: ['module'] });
    const other = thing(context);
    const shared = await resolveRecipe({ ...other, want: { ...want, name: 'other' } }, deps);
    const paths = new Map<string, string>();
    for (const source of sources) {
      const own = { ...thing(context, { source }), want: { ...want, name } };
      const build = { toolchain: async () => ({}), make: write(source) };
      const clock = { ...deps.clock, now: () => source.charCodeAt(0) };
      const made = await resolveRecipe(source === 'a' ? own : { ...own, build }, { ...deps, clock });
      paths.set(source, made.path);
    }
    assert.is(paths.get('a'), shared.path);
    assert.is([...paths].map(([source, path]) => (existsSync(path) ? source : '')).join(''), kept);
    assert.is(readdirSync(join(context.world.cache, 'index')).length, kept.length);
  });

const damages: Record<string, (path: string) => void> = {
  removed: path => rmSync(path),
  'cut short': path => truncateSync(path, 3),
  'changed in place': path => writeFileSync(path, TEXT.replace('bytes', 'bites')),
  'exchanged for a folder': path => {
    rmSync(path);
    mkdirSync(path);
  },
};
for (const [title, damage] of Object.entries(damages)) {
  cache(`a cached file that was ${title} is noticed, dropped and made again`, async context => {
    const deps = context.world.deps({ sources });
    const { path } = await resolveRecipe(thing(context), deps);
    damage(path);
    const again = await resolveRecipe(thing(context), deps);
    assert.is(readFileSync(again.path, 'utf8'), TEXT);
    assert.is(context.made, 2);
    assert.ok(
      context.world.said.some(line => /^cache: thing v1 .*made again$/.test(line)),
      context.world.said.join('\n'),
    );
  });
}

cache('a change that keeps size and time is found by a full check', async context => {
  const deps = context.world.deps({ sources });
  const { path } = await resolveRecipe(thing(context), deps);
  const times = join(context.world.dir, 'times');
  execFileSync('cp', ['-p', path, times]);
  writeFileSync(path, TEXT.replace('bytes', 'bites'));
  // utimes of Node has milliseconds, the file system nanoseconds.
  execFileSync('touch', ['-r', times, path]);
  await resolveRecipe(thing(context), deps, { full: true });
  assert.is(context.made, 2);
});

cache('a record that is no record is a miss, not a crash', async context => {
  const deps = context.world.deps({ sources });
  await resolveRecipe(thing(context), deps);
  const dir = join(context.world.cache, 'index', keyOf(want, { source: 'a' }));
  for (const name of readdirSync(dir)) writeFileSync(join(dir, name), '{"schema":1,"sha256":"../../etc/passwd"');
  await resolveRecipe(thing(context), deps);
  assert.is(context.made, 2);
});

cache('a thing that fails half-way leaves no file of its own', async context => {
  const deps = context.world.deps({ sources });
  const recipe = thing(context);
  const broken: Recipe = {
    ...recipe,
    build: {
      toolchain: async () => ({}),
      async make(path) {
        writeFileSync(path, 'half');
        throw new Error('broken');
      },
    },
  };
  await resolveRecipe(broken, deps).then(
    () => assert.unreachable(),
    () => undefined,
  );
  assert.not(existsSync(join(context.world.cache, 'work', 'thing')));
  assert.is(readFileSync((await resolveRecipe(recipe, deps)).path, 'utf8'), TEXT);
});

/** Makes the thing in a process of its own, which says when it is half-way and goes on when its stdin ends. */
const maker = (world: ArtifactWorld) => {
  const program = join(import.meta.dirname, '../programs/slow-maker.ts');
  // What a killed one leaves goes with this test's folder.
  const env = { ...process.env, TMPDIR: world.dir };
  const child = spawn(process.execPath, [program, world.cache], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  const ended = once(child, 'close');
  const says = async (word: string) => {
    while (!lines.some(line => line.startsWith(word))) {
      assert.is(child.exitCode, null, `it ended without saying ${word}: ${lines.join('; ')}`);
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
  };
  return { child, lines, ended, says };
};

cache('two processes at once make a thing once, and both have it', async ({ world }) => {
  const first = maker(world);
  await first.says('half');
  const second = maker(world);
  second.child.stdin.end();
  await second.says(`slow: waiting for pid ${first.child.pid}`);
  first.child.stdin.end();
  await Promise.all([first.ended, second.ended]);
  const lines = [...first.lines, ...second.lines];
  assert.is(lines.filter(line => line === 'half').length, 1);
  assert.is(lines.filter(line => line.startsWith('done ')).length, 2);
});

cache(
  'after a SIGKILL half-way the next run takes over at once, and nothing half-made is used or left',
  async ({ world }) => {
    const first = maker(world);
    await first.says('half');
    first.child.kill('SIGKILL');
    await first.ended;
    assert.ok(existsSync(join(world.cache, 'work', 'slow')), 'the killed run left its folder');
    const second = maker(world);
    second.child.stdin.end();
    await second.ended;
    assert.is(second.lines.filter(line => line.startsWith('done ')).length, 1);
    assert.not(existsSync(join(world.cache, 'work', 'slow')));
  },
);

cache.run();
