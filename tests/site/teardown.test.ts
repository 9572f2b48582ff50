import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyStep } from '../../lib/engine/index.ts';
import type { Provider } from '../../lib/host/provider.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { destroySite, leaks, removalSteps, runVerb } from '../../lib/site/index.ts';
import { openWorld } from './world.ts';

const test = suite<{ dir: string }>('teardown');
test.before.each(async context => {
  context.dir = await mkdtemp(join(tmpdir(), 'muster-teardown-'));
});
test.after.each(({ dir }) => rm(dir, { recursive: true, force: true }));

/** A step that writes a file of this computer, as the kubeconfig's does. */
const writes = (dir: string, name: string): AnyStep => ({
  id: 'file',
  title: 'write a file',
  target: { site: 'test', kind: 'site', name: 'test' },
  want: name,
  deadline: 1000,
  observe: async () => (await readdir(dir)).includes(name),
  decide: (_, there) =>
    there
      ? { is: 'done', reason: 'there' }
      : { is: 'changes', changes: [{ action: 'create', what: `file ${name}`, grade: 'known' }] },
  apply: (change, ctx) => ctx.effect(change, () => writeFile(join(dir, name), '')),
});

test('a site without anything is gone, and only sealed journals and caches are kept', async ({ dir }) => {
  const { open } = openWorld(dir, 'lab');
  await mkdir(join(open.dirs.state, 'secrets'), { recursive: true });
  await writeFile(join(open.dirs.state, 'secrets', 'token'), 'x');
  const { kept } = await destroySite(open);
  assert.equal(await readdir(open.dirs.state), ['journals']);
  assert.equal(kept, [join(open.dirs.state, 'journals')]);
});

test('what was proven of a site and its backups outlive it, and are named', async ({ dir }) => {
  const { open } = openWorld(dir, 'lab');
  const drill = join(open.dirs.state, 'drills', 'one');
  const store = join(dir, '.muster', 'stores', 'test');
  for (const made of [drill, store, join(open.dirs.state, 'machines')]) await mkdir(made, { recursive: true });
  const { kept } = await destroySite(open);
  assert.equal((await readdir(open.dirs.state)).sort(), ['drills', 'journals']);
  assert.equal(kept, [join(open.dirs.state, 'journals'), join(open.dirs.state, 'drills'), store]);
});

test('a removal is not titled as what it removes', () => {
  const start = { ...writes('/nowhere', 'x'), id: 'machine.power', title: 'Start server-1' };
  const provider = { kind: 'qemu', owned: true, steps: () => [start] } as unknown as Provider;
  const site = { name: 'test', environment: 'lab', hosts: [], cluster: { kind: 'k3s' } } as unknown as Site;
  const titles = removalSteps(site, { provider }).map(({ title }) => title);
  assert.equal(titles, [
    "Remove the site's secrets and state",
    'Undo: Start server-1',
    'Undo: Write kubeconfigs/test.yaml',
  ]);
});

test('what the provider still lists is a failure that names it', async ({ dir }) => {
  const { open } = openWorld(dir, 'lab', async () => [{ kind: 'process', id: '812', detail: 'muster-test-one' }]);
  const error = await destroySite(open).catch(thrown => thrown);
  assert.is(error.code, 'LEAK_FOUND');
  assert.equal(error.details, ['process 812: muster-test-one']);
});

test('a provider that cannot tell is unknown, not success', async ({ dir }) => {
  const { open } = openWorld(dir, 'lab', () => Promise.reject(new Error('no answer')));
  const error = await destroySite(open).catch(thrown => thrown);
  assert.equal([error.code, error.exit], ['LEAK_UNKNOWN', 2]);
});

test('a file that the journal says was made, and that no step removed, is found', async ({ dir }) => {
  const { open } = openWorld(dir, 'lab');
  await runVerb(open, 'bootstrap', [writes(dir, 'left.yaml')]);
  assert.equal(await leaks(open), [
    { kind: 'file', id: join(dir, 'left.yaml'), detail: 'made by muster, says the journal' },
  ]);
  await rm(join(dir, 'left.yaml'));
  assert.equal(await leaks(open), []);
});

test.run();
