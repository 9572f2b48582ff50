import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createGate } from '../../lib/shell/gate.ts';
import { fanOut } from '../../lib/shell/index.ts';

const test = suite('fan-out');
const turn = () => new Promise(resolve => setImmediate(resolve));

test('every host has its outcome, in the given order, and one that fails costs itself only', async () => {
  let most = 0;
  let now = 0;
  const hosts = Array.from({ length: 20 }, (_, index) => `h${index}`);
  const outcomes = await fanOut(hosts, 3, async host => {
    most = Math.max(most, ++now);
    await turn();
    now--;
    if (host === 'h7') throw new Error('dead');
    return host.toUpperCase();
  });
  assert.is(most, 3);
  assert.equal(
    outcomes.map(({ host }) => host),
    hosts,
  );
  const failed = outcomes.filter(outcome => 'error' in outcome);
  assert.equal(
    failed.map(({ host }) => host),
    ['h7'],
  );
  assert.equal(outcomes[8], { host: 'h8', value: 'H8' });
});

test('a gate lets in so many, keeps the order, and forgets who stopped waiting', async () => {
  const gate = createGate(2);
  const entered: number[] = [];
  const stop = new AbortController();
  const leaves = await Promise.all([gate.enter(), gate.enter()]);
  const waiting = [1, 2, 3].map(async n => {
    const leave = await gate.enter(n === 2 ? stop.signal : undefined);
    entered.push(n);
    return leave;
  });
  stop.abort(new Error('gone'));
  assert.match(String(await waiting[1]?.catch(error => error)), /gone/);
  leaves[0]?.();
  leaves[0]?.();
  await turn();
  assert.equal([entered, gate.inside()], [[1], 2]);
  leaves[1]?.();
  await turn();
  assert.equal(entered, [1, 3]);
});

test('a narrowed gate admits no more than were inside, and always one', async () => {
  const gate = createGate(4);
  const leaves = await Promise.all([gate.enter(), gate.enter()]);
  gate.narrow();
  let third = false;
  const late = gate.enter().then(leave => {
    third = true;
    return leave;
  });
  await turn();
  assert.not(third);
  for (const leave of leaves) leave();
  (await late)();
  gate.narrow();
  (await gate.enter())();
});

test.run();
