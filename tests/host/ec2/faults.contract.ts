import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../../lib/errors/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import {
  apply,
  destroy,
  endWorld,
  list,
  newWorld,
  notSsh,
  open,
  siteOf,
  stateDir,
  type World,
  writes,
} from './world.ts';

const test = suite<World>('a site on EC2, with what goes wrong');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const whole = siteOf({ network: { cidr: '10.20.0.0/16', nat: true }, elasticIp: true });
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    error => `${error.code}: ${error.message}`,
  );

/** One of each kind, and the same as without a fault. */
async function assertWhole(world: World, site: Site): Promise<void> {
  const count = (await list(world, site))
    .map(({ kind, detail }) => `${kind} ${detail.replace(/, of run .*/, '')}`)
    .sort();
  assert.equal(count, WHOLE, count.join('\n'));
}

const WHOLE = [
  'NAT gateway nat',
  'VPC vpc',
  'address address/server-1',
  'address nat',
  'internet gateway gateway',
  'key pair key',
  'machine host/server-1',
  'network interface host/server-1',
  'route table routes/private',
  'route table routes/public',
  'security group firewall',
  'subnet subnet/private-a',
  'subnet subnet/private-b',
  'subnet subnet/public-a',
  'subnet subnet/public-b',
  'volume host/server-1',
];

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
