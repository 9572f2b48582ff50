import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OpenSite } from '../../../lib/site/open.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import { removalSteps } from '../../../lib/site/teardown.ts';
import { killedAtFirst } from './killed.ts';
import {
  apply,
  assertWhole,
  destroy,
  endWorld,
  list,
  newWorld,
  notSsh,
  open,
  type World,
  whole,
  writes,
} from './world.ts';

const test = suite<World>('a site on EC2 whose runs are killed');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

/** Changes by turns done, and not even sent. */
const killed = (world: World, after: boolean, act: (opened: OpenSite) => Promise<unknown>) =>
  killedAtFirst(world, { site: whole, open: signal => open(world, whole, signal), act, after });

const bootstrap = (opened: OpenSite) =>
  runVerb(opened, 'bootstrap', opened.provider.steps(whole, whole.hosts), {
    ...{ select: notSsh, retain: true, confirmed: true },
  });

const removal = (opened: OpenSite) =>
  runVerb(opened, 'destroy', removalSteps(whole, opened), { retain: true, confirmed: true });

/** How often it was killed until it came to its end. */
async function kills(world: World, act: (opened: OpenSite) => Promise<unknown>): Promise<number> {
  let n = 1;
  for (; n < 80; n++) {
    world.aws.world.faults.lagMs = n % 2 === 0 ? 0 : 150;
    if (!(await killed(world, n % 2 === 0, act)) && !(await killed(world, true, act))) break;
  }
  world.aws.world.faults.lagMs = 0;
  return n;
}

test('killed at every change, and run again, it converges: no duplicate, no orphan, then no change', async world => {
  const n = await kills(world, bootstrap);
  assert.ok(n > 20 && n < 80, `${n} kills`);
  await assertWhole(world, whole);
  assert.equal((await apply(world, whole)).changed, []);
  await destroy(world, whole);
  assert.equal(await list(world, whole), []);
});

test('a removal that is killed at every change, and gone on with, ends: nothing is left, and nothing is made', async world => {
  await apply(world, whole);
  const from = writes(world).length;
  const n = await kills(world, removal);
  assert.ok(n > 10 && n < 80, `${n} kills`);
  assert.equal(await list(world, whole), []);
  assert.equal(
    writes(world)
      .slice(from)
      .filter(operation => /^(Create|Run|Allocate|Import|Start)/.test(operation)),
    [],
  );
  assert.equal((await destroy(world, whole)).changed, []);
});

test.run();
