import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runVerb } from '../../../lib/site/run-verb.ts';
import {
  apply,
  assertWhole,
  destroy,
  endWorld,
  list,
  newWorld,
  notSsh,
  open,
  stateDir,
  type World,
  whole,
} from './world.ts';

const test = suite<World>('a site on EC2 whose runs are killed');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

/** The run stops at its n-th change as a killed process does: before it is sent, or after it was done. */
async function killedAt(world: World, n: number, after: boolean): Promise<boolean> {
  const stop = new AbortController();
  const opened = await open(world, whole, stop.signal);
  let seen = 0;
  const hang = () => new Promise<never>(() => undefined);
  const at = new Promise<void>(resolve => {
    const { aws } = opened;
    if (!aws) throw new Error('no account');
    const call = aws.call.bind(aws);
    Object.assign(aws, {
      call: async (...args: Parameters<typeof call>) => {
        const write = !/^(look|list|find)/.test(args[1]);
        if (!write || ++seen !== n) return call(...args);
        if (after) await call(...args);
        resolve();
        return hang();
      },
    });
  });
  const steps = opened.provider.steps(whole, whole.hosts);
  const ended = runVerb(opened, 'bootstrap', steps, { select: notSsh, retain: true, confirmed: true });
  const killed = await Promise.race([at.then(() => true), ended.then(() => false)]);
  // What a killed process leaves: its journal without an end, and the lock of a process that is no more.
  const project = await mkdtemp(join(tmpdir(), 'muster-ec2-'));
  await cp(stateDir(world, whole), stateDir({ project }, whole), { recursive: true });
  await rm(join(stateDir({ project }, whole), 'lock'), { recursive: true, force: true });
  stop.abort(new Error('killed'));
  await ended.catch(() => undefined);
  await opened.close();
  await rm(world.project, { recursive: true, force: true, maxRetries: 5 });
  world.project = project;
  return killed;
}

test('killed at every change, and run again, it converges: no duplicate, no orphan, then no change', async world => {
  let n = 1;
  for (; n < 60; n++) {
    world.aws.world.faults.lagMs = n % 2 === 0 ? 0 : 150;
    if (!(await killedAt(world, 1, n % 2 === 0)) && !(await killedAt(world, 1, true))) break;
  }
  world.aws.world.faults.lagMs = 0;
  assert.ok(n > 20, `${n} kills`);
  await assertWhole(world, whole);
  assert.equal((await apply(world, whole)).changed, []);
  await destroy(world, whole);
  assert.equal(await list(world, whole), []);
});

test.run();
