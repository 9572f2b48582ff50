import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makePlan, planData, refuseUnknown, rollback, runSteps } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { make, memoryGate, newEnv, newWorld } from './world.ts';

const test = suite('engine run');
const made = (world: { effects: string[] }) => world.effects.filter(effect => !effect.startsWith('forget'));

test('applies in the order of needs, whatever the order of the list', async () => {
  const world = newWorld();
  await runSteps([make(world, 'app', { needs: ['db'] }), make(world, 'db')], newEnv(world, '/nowhere'), memoryGate());
  assert.equal(made(world), ['create db', 'create app']);
});

test('removes in the reverse order of needs', async () => {
  const world = newWorld();
  world.names.add('app').add('db');
  await runSteps(
    [make(world, 'db', { absent: true }), make(world, 'app', { needs: ['db'], absent: true })],
    newEnv(world, '/nowhere'),
    memoryGate(),
  );
  assert.equal(made(world), ['delete app', 'delete db']);
});

test('a step that destroys deletes only for somebody who typed the name of the site', async () => {
  const world = newWorld();
  world.names.add('disk');
  const steps = () => [make(world, 'disk', { absent: true, destroys: true })];
  await rejects(runSteps(steps(), newEnv(world, '/nowhere'), memoryGate()), 'CONFIRM_MISSING', /cannot delete disk/);
  assert.ok(world.names.has('disk'));
  await runSteps(steps(), newEnv(world, '/nowhere', { confirmed: true }), memoryGate());
  assert.not.ok(world.names.has('disk'));
});

test('what nobody can take back is done only for somebody who typed the name of the site', async () => {
  const world = newWorld();
  const steps = () => [make(world, 'lock', { forever: true })];
  await rejects(
    runSteps(steps(), newEnv(world, '/nowhere'), memoryGate()),
    'CONFIRM_MISSING',
    /nobody can take it back/,
  );
  assert.equal(made(world), []);
  await runSteps(steps(), newEnv(world, '/nowhere', { confirmed: true }), memoryGate());
  assert.equal(made(world), ['create lock']);
});

test('a run that has lost its lock begins no further effect, and removes nothing again', async () => {
  const world = newWorld();
  const gate = memoryGate();
  let lost = false;
  const check = async () => {
    if (lost) throw new OpsError('LOCK_LOST', 'cannot go on: another one has it');
  };
  const first = make(world, 'db', {
    act: async () => {
      world.names.add('db');
      lost = true;
    },
  });
  const steps = [first, make(world, 'app', { needs: ['db'] })];
  await rejects(runSteps(steps, newEnv(world, '/nowhere'), { ...gate, check }), 'LOCK_LOST', /another one has it/);
  assert.equal(made(world), ['create db']);
  assert.is(gate.entries.length, 2, 'no begin of what was not begun');
  assert.is((await rollback(steps, newEnv(world, '/nowhere'), { ...gate, check })).length, 1);
  assert.ok(world.names.has('db'));
});

test('a second run has no effect and opens no journal', async () => {
  const world = newWorld();
  const steps = () => [make(world, 'db'), make(world, 'app', { needs: ['db'] })];
  await runSteps(steps(), newEnv(world, '/nowhere'), memoryGate());
  const gate = memoryGate();
  const summary = await runSteps(steps(), newEnv(world, '/nowhere'), gate);
  assert.equal(summary.changed, []);
  assert.is(gate.entries.length, 0);
});

test('a plan has no effect, and grades what stands on an open change as predicted or unknown', async () => {
  const world = newWorld();
  const blind = make(world, 'blind', { needs: ['db'], observe: () => Promise.reject(new Error('no such host')) });
  const plan = await makePlan(
    [make(world, 'db'), make(world, 'app', { needs: ['db'] }), blind],
    newEnv(world, '/nowhere'),
  );
  assert.equal(world.effects, []);
  const grades = planData(plan).map(item => ('changes' in item ? item.changes[0]?.grade : item.is));
  assert.equal(grades, ['known', 'predicted', 'unknown']);
  assert.is(plan.unknown, 0);
});

test('what cannot be observed with nothing open before it is unknown, and refused with its own error', async () => {
  const world = newWorld();
  const error = new OpsError('STEP_UNKNOWN', 'cannot reach it');
  const plan = await makePlan([make(world, 'db', { observe: () => Promise.reject(error) })], newEnv(world, '/nowhere'));
  assert.is(plan.unknown, 1);
  assert.throws(
    () => refuseUnknown(plan),
    (thrown: unknown) => thrown === error,
  );
});

test('a step whose effect cannot be seen has failed, whatever its commands returned', async () => {
  const world = newWorld();
  const liar = make(world, 'liar', { act: async () => {} });
  await rejects(
    runSteps([liar], newEnv(world, '/nowhere'), memoryGate()),
    'STEP_UNVERIFIED',
    /still wants to create liar/,
  );
});

test('a failed step stops what needs it and nothing else', async () => {
  const world = newWorld();
  const bad = make(world, 'bad', { act: () => Promise.reject(new OpsError('LOCK_HELD', 'cannot do it')) });
  const steps = [bad, make(world, 'child', { needs: ['bad'] }), make(world, 'other', { host: 'two' })];
  await rejects(runSteps(steps, newEnv(world, '/nowhere'), memoryGate()), 'LOCK_HELD', /cannot do it/);
  assert.ok(world.names.has('other'));
  assert.not.ok(made(world).includes('create child'));
});

test('a step that outlives its deadline fails by name, also when it ignores the signal', async () => {
  const world = newWorld();
  const slow = make(world, 'slow', { deadline: 30, act: () => new Promise(resolve => setTimeout(resolve, 300)) });
  await rejects(
    runSteps([slow], newEnv(world, '/nowhere'), memoryGate()),
    'STEP_DEADLINE',
    /slow host\/one within 30 ms/,
  );
});

test('a step that throws something else than an OpsError is named in an INTERNAL error', async () => {
  const world = newWorld();
  const bad = make(world, 'bad', { act: () => Promise.reject(new TypeError('x is not a function')) });
  await rejects(
    runSteps([bad], newEnv(world, '/nowhere'), memoryGate()),
    'INTERNAL',
    /bad host\/one: x is not a function/,
  );
});

test('an interrupted run starts nothing more', async () => {
  const world = newWorld();
  const stop = new AbortController();
  const first = make(world, 'first', {
    act: async () => {
      world.names.add('first');
      stop.abort(new OpsError('INTERRUPTED', 'cannot go on'));
    },
  });
  const env = newEnv(world, '/nowhere', { signal: stop.signal });
  await rejects(
    runSteps([first, make(world, 'second', { needs: ['first'] })], env, memoryGate()),
    'INTERRUPTED',
    /cannot go on/,
  );
  assert.equal(made(world), ['create first']);
});

test('every effect lies between its begin and its end in the journal, and drops what was known of its host', async () => {
  const world = newWorld();
  const gate = memoryGate();
  await runSteps([make(world, 'db')], newEnv(world, '/nowhere'), gate);
  assert.equal(
    gate.entries.map(entry => (entry as { t: string }).t),
    ['begin', 'end'],
  );
  assert.ok(world.effects.includes('forget one'));
});

test('no more steps of one id at once than its serial allows', async () => {
  const world = newWorld();
  let running = 0;
  let most = 0;
  const hosts = ['a', 'b', 'c'];
  const act = (host: string) => async () => {
    most = Math.max(most, ++running);
    await new Promise(resolve => setTimeout(resolve, 10));
    running--;
    world.names.add(`upgrade-${host}`);
  };
  const steps = hosts.map(host => ({
    ...make(world, `upgrade-${host}`, { host, act: act(host), serial: 1 }),
    id: 'upgrade',
  }));
  await runSteps(steps, newEnv(world, '/nowhere'), memoryGate());
  assert.is(most, 1);
});

for (const [title, list, text] of [
  ['a step that is there twice', ['a', 'a'], /there twice/],
  ['a need that no step meets', ['a needs x'], /needs x/],
  ['steps in a circle', ['a needs b', 'b needs a'], /circle: a host\/one -> b host\/one -> a host\/one/],
] as const)
  test(`refuses ${title}`, async () => {
    const world = newWorld();
    const steps = list.map(line => {
      const [name = '', need] = line.split(' needs ');
      return make(world, name, need ? { needs: [need] } : {});
    });
    await rejects(makePlan(steps, newEnv(world, '/nowhere')), 'PLAN_INVALID', text);
  });

async function rejects(promise: Promise<unknown>, code: string, text: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    thrown => thrown,
  );
  assert.instance(error, OpsError);
  assert.is(error.code, code);
  assert.match(error.message, text);
}

test.run();
