import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OpenSite } from '../../../lib/site/open.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import { leaks, removalSteps } from '../../../lib/site/teardown.ts';
import { killedAtFirst } from '../../host/ec2/killed.ts';
import { apply, destroy, endWorld, left, newWorld, open, siteOf, using, type World, writes } from './world.ts';

const site = siteOf();

const test = suite<World>('a site on EKS whose removals are killed');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const removal = (opened: OpenSite) =>
  runVerb(opened, 'destroy', removalSteps(site, opened), { retain: true, confirmed: true });

test('killed at every change, and gone on with, a removal ends: nothing is left, and nothing is made', async world => {
  await apply(world);
  const from = world.aws.calls.length;
  const killed = (after: boolean) =>
    killedAtFirst(world, { site, open: signal => open(world, site, signal), act: removal, after });
  let n = 1;
  // Changes by turns done, and not even sent.
  for (; n < 80; n++) if (!(await killed(n % 2 === 0)) && !(await killed(true))) break;
  const changes = writes(world, from).length;
  // Steps go side by side, so what else is under way at a kill may still be done: fewer kills than changes, by no more than half.
  assert.ok(n > changes / 2 && n < 80, `${n} kills, ${changes} changes`);
  assert.equal(left(world), []);
  assert.equal(await using(world, site, opened => leaks(opened)), []);
  assert.equal(
    writes(world, from).filter(operation => /^(Create|Run|Allocate|Attach|Associate|Update)/.test(operation)),
    [],
  );
  assert.equal((await destroy(world)).changed, []);
});

test.run();
