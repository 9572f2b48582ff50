import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../../lib/errors/index.ts';
import { apply, destroy, endWorld, left, newWorld, refused, siteOf, type World, writes } from './world.ts';

const test = suite<World>('a site on EKS that an account does not let be made');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

test('throttled, all of it for a while and then every other call, it waits, comes to its end, and goes too', async world => {
  const { faults } = world.aws.world;
  const storm = () => {
    faults.clear();
    faults.throttle({ forMs: 1500 });
    faults.throttle({ everyNth: 2 });
  };
  storm();
  await apply(world);
  faults.clear();
  assert.equal((await apply(world)).changed, []);
  // One that goes through; every refusal did nothing.
  const done = world.aws.calls.filter(({ answer }) => answer === 'ok').map(({ operation }) => operation);
  const count = (name: string) => done.filter(operation => operation === name).length;
  const once = ['CreateCluster', 'CreateLaunchTemplate', 'CreateNodegroup', 'CreateVpc'];
  assert.equal(['CreateRole', ...once].map(count), [4, 1, 1, 1, 1]);
  storm();
  await destroy(world);
  assert.equal(left(world), []);
});

test('credentials that expire while the cluster is made stop it cleanly; logged in again it goes on', async world => {
  const { calls, keys } = world.aws;
  const isOver = () => calls.some(({ operation }) => operation === 'CreateAddon');
  Object.defineProperty(keys, 'expires', { configurable: true, get: () => (isOver() ? 1 : undefined) });
  const error = await apply(world).catch(thrown => thrown);
  assert.ok(isOpsError(error, 'AWS_CREDENTIALS'), String(error));
  assert.match(error.message, /ExpiredToken/);
  assert.match(error.hint ?? '', /^log in again/);
  assert.not.ok(writes(world).includes('CreateNodegroup'));
  Object.defineProperty(keys, 'expires', { value: undefined });
  await apply(world);
  assert.equal((await apply(world)).changed, []);
  const made = calls.filter(({ operation, answer }) => operation === 'CreateCluster' && answer === 'ok');
  assert.is(made.length, 1);
});

test('another account is refused before anything is asked for or made, and nobody is told to make it an admin', async world => {
  const { aws } = world;
  Object.assign(process.env, aws.env(aws.world.user('stranger', '999999999999')));
  assert.match(await refused(apply(world)), /^AWS_ACCOUNT: .*999999999999/);
  assert.match(await refused(destroy(world)), /^AWS_ACCOUNT: .*999999999999/);
  assert.equal([...new Set(aws.calls.map(({ operation }) => operation))], ['GetCallerIdentity']);
});

/** The quota, what its end is called, and what had been made until then. */
const LIMITS = [
  ['clusters', 0, 'make the cluster cloudy: eks:CreateCluster', 'CreateRole'],
  ['nodegroups', 1, 'make the node group green: eks:CreateNodegroup', 'CreateNodegroup'],
] as const;

const two = siteOf({
  nodes: ['blue', 'green'].map(name => ({
    ...{ name, instance: 'm7i.large', min: 1, max: 1, desired: 1, disk: 20 * 2 ** 30 },
  })),
});

for (const [quota, most, what, made] of LIMITS)
  test(`a quota of ${quota} that is used up is said, and a site that is not to stay leaves nothing`, async world => {
    world.aws.world.faults.quotas[quota] = most;
    const error = await apply(world, two, undefined, false).catch(thrown => thrown);
    assert.ok(isOpsError(error, 'AWS_QUOTA'), String(error));
    const word = most === 0 ? what : what.replace('green', '(green|blue)');
    assert.match(error.message, new RegExp(`^cannot ${word} was refused: ResourceLimitExceededException: .*limit of`));
    assert.match(error.hint ?? '', /Service Quotas/);
    assert.ok(writes(world).includes(made));
    assert.equal(left(world), []);
  });

test('a region without capacity is said in the words of EKS, and a site that is not to stay leaves nothing', async world => {
  world.aws.world.faults.noCapacity.add('m7i.large');
  const error = await apply(world, siteOf(), undefined, false).catch(thrown => thrown);
  assert.ok(isOpsError(error, 'EKS_FAILED'), String(error));
  assert.match(error.details.join(), /InsufficientInstanceCapacity - m7i.large/);
  assert.ok(writes(world).includes('CreateNodegroup'));
  assert.equal(left(world), []);
});

test.run();
