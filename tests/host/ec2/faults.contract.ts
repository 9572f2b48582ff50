import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../../lib/errors/index.ts';
import { apply, assertWhole, destroy, endWorld, list, newWorld, siteOf, type World, whole, writes } from './world.ts';

const test = suite<World>('a site on EC2, with what goes wrong');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    error => `${error.code}: ${error.message}`,
  );

test('every answer to a change is lost once: what is made is made once, and nothing is left behind', async world => {
  await apply(world, whole);
  const all = new Set(writes(world));
  await destroy(world, whole);
  for (const operation of all) world.aws.world.faults.lose(operation);
  await apply(world, whole);
  await assertWhole(world, whole);
  assert.equal((await apply(world, whole)).changed, []);
  const removing = ['TerminateInstances', 'ReleaseAddress', 'DeleteNatGateway', 'DeleteVpc', 'DeleteSubnet'];
  for (const operation of [...removing, 'DetachInternetGateway', 'DeleteSecurityGroup', 'DeleteKeyPair'])
    world.aws.world.faults.lose(operation);
  await destroy(world, whole);
  assert.equal(await list(world, whole), []);
});

test('lists lag, and answers are lost: nothing is made twice, and nothing that is gone counts as left', async world => {
  world.aws.world.faults.lagMs = 500;
  for (const operation of ['CreateVpc', 'CreateSubnet', 'RunInstances', 'AllocateAddress'])
    world.aws.world.faults.lose(operation);
  await apply(world, whole);
  world.aws.world.faults.lagMs = 0;
  await assertWhole(world, whole);
  await destroy(world, whole);
  assert.equal(await list(world, whole), []);
});

test('throttled for half a minute, and then every other time, it waits and comes to its end', async world => {
  world.aws.world.faults.throttle({ forMs: 1500 });
  world.aws.world.faults.throttle({ everyNth: 2 });
  await apply(world, whole);
  world.aws.world.faults.clear();
  await assertWhole(world, whole);
});

test('credentials that expire half-way stop it cleanly; logged in again it goes on', async world => {
  world.aws.world.faults.refuse('CreateRouteTable', { code: 'RequestExpired', message: 'Request has expired.' }, 2);
  assert.match(await refusal(apply(world)), /^AWS_CREDENTIALS: .*RequestExpired/);
  world.aws.world.faults.clear();
  await apply(world);
  assert.equal((await apply(world)).changed, []);
});

test('a clock that is 20 minutes off is one error that names the clock, and nothing is made', async world => {
  world.aws.world.clockOffset = 20 * 60_000;
  const error = await apply(world).catch(thrown => thrown);
  assert.ok(isOpsError(error, 'AWS_CREDENTIALS'), String(error));
  assert.match(error.hint ?? '', /^set the clock of this computer/);
  assert.equal(writes(world), []);
});

test('another account is refused before anything is asked for or made', async world => {
  const { aws } = world;
  const foreign = aws.world.user('stranger', '999999999999');
  Object.assign(process.env, aws.env(foreign));
  assert.match(await refusal(apply(world)), /^AWS_ACCOUNT: .*999999999999/);
  assert.equal([...new Set(aws.calls.map(({ operation }) => operation))], ['GetCallerIdentity']);
});

test('a zone without room: the next one is taken', async world => {
  world.aws.world.faults.noCapacity.add('eu-central-1a');
  await apply(world);
  const [machine] = (await list(world)).filter(({ kind }) => kind === 'machine');
  assert.ok(machine);
});

test('a region without room, or a quota that is used up, is said, and a site that is not to stay leaves nothing', async world => {
  for (const [code, plant] of [
    ['AWS_CAPACITY', () => void world.aws.world.faults.noCapacity.add('eu-central-1')],
    ['AWS_QUOTA', () => Object.assign(world.aws.world.faults.quotas, { vcpus: 1 })],
  ] as const) {
    plant();
    const error = await apply(world, siteOf(), false).catch(thrown => thrown);
    assert.ok(isOpsError(error, code), String(error));
    assert.match(error.message, /^cannot start server-1: ec2:RunInstances was refused/);
    assert.equal(await list(world), []);
    world.aws.world.faults.clear();
    Object.assign(world.aws.world.faults.quotas, { vcpus: 32 });
  }
});

test.run();
