import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OpsError } from '../../lib/errors/index.ts';
import { runVerb } from '../../lib/site/index.ts';
import { make } from '../engine/world.ts';
import { openWorld } from './world.ts';

const test = suite<{ dir: string }>('a verb on a site');
test.before.each(async context => {
  context.dir = await mkdtemp(join(tmpdir(), 'muster-site-'));
});
test.after.each(({ dir }) => rm(dir, { recursive: true, force: true }));

const broken = () => Promise.reject(new OpsError('PORT_TAKEN', 'cannot use port 1'));
const failing = (opened: ReturnType<typeof openWorld>) => {
  opened.world.names.add('there before');
  const kept = make(opened.world, 'there before');
  const made = make(opened.world, 'network');
  const child = make(opened.world, 'disk', { needs: ['network'] });
  return [kept, made, child, make(opened.world, 'machine', { needs: ['disk'], act: broken })];
};
const effects = ({ world }: ReturnType<typeof openWorld>) =>
  world.effects.filter(effect => !effect.startsWith('forget'));

test('what a failed run made is removed again, the newest first, and nothing that was there before', async ({
  dir,
}) => {
  const opened = openWorld(dir, 'staging');
  const error = await runVerb(opened.open, 'bootstrap', failing(opened)).catch(thrown => thrown);
  assert.is(error.code, 'PORT_TAKEN');
  assert.equal(effects(opened).slice(-2), ['delete disk', 'delete network']);
  assert.equal([...opened.world.names], ['there before']);
});

test('a lab keeps what a failed run made, and the error names the journal', async ({ dir }) => {
  const opened = openWorld(dir, 'lab');
  const error = await runVerb(opened.open, 'bootstrap', failing(opened)).catch(thrown => thrown);
  assert.ok(opened.world.names.has('disk'));
  assert.match(error.details.join('\n'), /^journal: .*\/journals\/.*\.jsonl$/m);
});

test('--retain keeps it anywhere', async ({ dir }) => {
  const opened = openWorld(dir, 'staging');
  await runVerb(opened.open, 'bootstrap', failing(opened), { retain: true }).catch(() => undefined);
  assert.ok(opened.world.names.has('disk'));
});

test('a verb that changes nothing leaves no journal and no lock', async ({ dir }) => {
  const { open, world } = openWorld(dir, 'lab');
  world.names.add('disk');
  const ran = await runVerb(open, 'bootstrap', [make(world, 'disk')]);
  assert.is(ran.journal, undefined);
  assert.equal(await readdir(open.dirs.state), []);
});

test.run();
