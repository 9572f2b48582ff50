import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isolationFlaws, type Seen } from '../../lib/drill/checks/isolated.ts';
import { enterIsolation } from '../../lib/drill/isolation/enter.ts';
import { planIsolation } from '../../lib/drill/isolation/isolate.ts';
import { asOpsError } from '../../lib/errors/index.ts';
import { Secret } from '../../lib/secret/index.ts';
import { type Able, type IsolationWorld, isolationWorld } from './isolation-world.ts';

const PROGRAM = join(import.meta.dirname, '../programs/looks-around.ts');
const keys = { accessKey: new Secret('scratchscratch'), secretKey: new Secret('a-key-of-the-scratch-bucket') };

async function rehearsed({ open, state }: IsolationWorld) {
  const isolation = await planIsolation(open, { dirs: { ...open.dirs, state } });
  assert.is(isolation.is, 'able', JSON.stringify(isolation));
  const beside = { ids: [], hostKeys: [], ways: [] };
  const order = { drill: 'd', scenario: 'site-rebuild', site: open.site.name, set: 's', beside };
  const entry = { open, order: { ...order, isolation: isolation as Able }, scratch: keys, state };
  return { isolation: isolation as Able, ...(await enterIsolation(entry)) };
}

const test = suite<{ world: IsolationWorld }>('the namespace of a rehearsal');

test.before.each(async context => {
  context.world = await isolationWorld(await readFile(PROGRAM, 'utf8'));
});
test.after.each(({ world }) => world.remove());

test('what a rehearsal can lean on is its commit and what is listed', async ({ world }) => {
  await world.put('secret-notes.txt', 'not committed');
  const { isolation, ended, journal } = await rehearsed(world);
  assert.is(ended.error, undefined, asOpsError(ended.error).details.join('\n'));
  const { seen, rest } = JSON.parse(journal ?? '') as { seen: Seen; rest: Record<string, unknown> };
  assert.equal(isolationFlaws(seen, isolation, { ...world, state: world.state }), []);
  assert.equal(isolation.uncommitted, ['secret-notes.txt']);
  assert.equal(rest.project, [
    '.git',
    '.gitignore',
    '.muster',
    'inventories',
    'lib',
    'node_modules',
    'package-lock.json',
  ]);
  assert.equal(rest.kept, ['escrow-1', 'escrow-2', 'identity.txt', 'signer.pub']);
  assert.ok(!(rest.home as string[]).some(name => name !== '.local'), `${rest.home}`);
  assert.is(rest.source, 'ENOENT');
  assert.is(rest.escrow, 'EROFS');
  assert.is(rest.uid, process.getuid?.());
  assert.equal(
    world.events.map(event => event.type === 'notice' && event.text),
    ['looked'],
  );
});

test('the keys of its bucket reach it by stdin, and stand in no argument and no environment', async ({ world }) => {
  const { rest } = JSON.parse((await rehearsed(world)).journal ?? '') as { rest: Record<string, unknown> };
  assert.equal(rest.scratch, { accessKey: 'scratchscratch', secretKey: 'a-key-of-the-scratch-bucket' });
  assert.is(rest.secretShown, false);
});

test('no mount and no clone is left behind', async ({ world }) => {
  await rehearsed(world);
  assert.not.match(await readFile('/proc/self/mountinfo', 'utf8'), world.project);
  assert.equal(await readdir(join(world.project, '.muster/rehearsals')), []);
});

test('one that leans on the state of its source fails, and says on what', async ({ world }) => {
  const leans = `import { readFileSync } from 'node:fs';
process.stdin.once('data', () => { readFileSync(import.meta.dirname + '/../../../.muster/source/secrets/app/key'); process.exit(0); });`;
  await world.put('lib/drill/isolation/inside.ts', leans);
  await world.git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qam', 'lean');
  const { ended } = await rehearsed(world);
  const { code, details } = asOpsError(ended.error);
  assert.is(code, 'COMMAND_FAILED');
  assert.match(details.join('\n'), 'ENOENT');
  assert.match(details.join('\n'), '.muster/source/secrets/app/key');
});

test('one whose drill is interrupted ends with it', async ({ world }) => {
  await world.put(
    'lib/drill/isolation/inside.ts',
    'console.log(\'{"type":"notice","text":"up"}\'); setInterval(() => {}, 1000);',
  );
  await world.git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qam', 'stay');
  const ended = rehearsed(world).catch(error => error);
  while (world.events.length === 0) await new Promise(resolve => setTimeout(resolve, 20));
  world.stop.abort(new Error('stopped'));
  assert.match(String(await ended), 'stopped');
});

test('where no namespace can be made it is not isolated, and says why', async ({ world }) => {
  const none = async () => ({
    exec: async (argv: readonly string[]) =>
      argv[0] === 'unshare'
        ? { code: 1, stdout: { text: '' }, stderr: { text: 'unshare: unshare failed: Operation not permitted\n' } }
        : (await world.open.ports.shell('localhost')).exec(argv),
  });
  const open = { ...world.open, ports: { ...world.open.ports, shell: none } } as unknown as typeof world.open;
  assert.equal(await planIsolation(open, { dirs: { ...open.dirs, state: world.state } }), {
    is: 'unable',
    why: 'no mount namespace can be made here: unshare: unshare failed: Operation not permitted',
  });
});

test('an inventory that is not committed is refused: it would not come back out of git', async ({ world }) => {
  await world.git('rm', '-q', '--cached', '-r', 'inventories');
  await world.git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qm', 'without');
  const error = await planIsolation(world.open, { dirs: { ...world.open.dirs, state: world.state } }).catch(e => e);
  assert.is(asOpsError(error).code, 'DRILL_TARGET');
  assert.match(asOpsError(error).hint, 'git add inventories/');
});

test('packages that are not those of the commit are refused', async ({ world }) => {
  await writeFile(join(world.project, 'package-lock.json'), '{}');
  await world.git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qam', 'another lock');
  const error = await planIsolation(world.open, { dirs: { ...world.open.dirs, state: world.state } }).catch(e => e);
  assert.match(asOpsError(error).message, 'package-lock.json is not what is installed');
});

test.run();
