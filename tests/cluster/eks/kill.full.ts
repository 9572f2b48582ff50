import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apply, applyNetwork, destroy, endWorld, left, newWorld, type World, writes } from './world.ts';

const test = suite<World>('a site on EKS, killed');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000, settleMs: 50 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

/** A run in a process of its own, killed as soon as one more write has come; false: it ended by itself. */
async function killed(world: World): Promise<boolean> {
  const before = writes(world).length;
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), world.project], {
    stdio: 'ignore',
    env: { ...process.env, ...world.aws.env() },
  });
  let dead = false;
  const watch = setInterval(() => {
    if (dead || writes(world).length === before) return;
    dead = true;
    child.kill('SIGKILL');
  }, 1);
  await new Promise(resolve => child.once('exit', resolve));
  clearInterval(watch);
  return dead;
}

test('SIGKILL after every write, and the next run goes on: nothing is made twice, nothing is orphaned', async world => {
  // The network is provider ec2's, which is killed in its own tests.
  await applyNetwork(world);
  let kills = 0;
  while ((await killed(world)) && kills < 100) kills++;
  // What goes side by side may be done before the process is: the busier the computer, the fewer kills.
  assert.ok(kills > 8 && kills < 100, `${kills} kills`);
  assert.equal((await apply(world)).changed, []);
  // What was refused, since a killed run had done it, made nothing.
  const count = (name: string) =>
    world.aws.calls.filter(({ operation, answer }) => operation === name && answer === 'ok').length;
  const once = ['CreateCluster', 'CreateLaunchTemplate', 'CreateNodegroup', 'CreateVpc'];
  assert.equal(['CreateRole', ...once].map(count), [4, 1, 1, 1, 1]);
  await destroy(world);
  assert.equal(left(world), []);
});

test.run();
