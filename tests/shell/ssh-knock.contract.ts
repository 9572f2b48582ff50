import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { refusal } from './local-shells.ts';
import { withProxy } from './ssh-shells.ts';

const test = suite('ssh to a machine that boots');

const knocking = { change: <T extends object>(target: T) => ({ ...target, knock: 100 }) };

test('a connection that was begun before the machine was up does not hold up one that is begun beside it', async () => {
  await withProxy(async ({ shell, proxy }) => {
    // What was said meanwhile is lost: these connections stay silent for good.
    proxy.hurt({ stalled: true });
    setTimeout(() => proxy.hurt({ stalled: false }), 350);
    assert.is(await shell.run(['echo', 'up']), 'up\n');
    const begun = proxy.accepted();
    assert.ok(begun >= 4, `${begun} connections`);
    assert.is(await shell.run(['echo', 'still']), 'still\n');
    await new Promise(resolve => setTimeout(resolve, 300));
    assert.is(proxy.accepted(), begun);
    assert.is(proxy.open(), 1);
  }, knocking);
  await withProxy(async ({ shell, proxy }) => {
    proxy.hurt({ stalled: true });
    const error = await refusal(shell.run(['true']));
    assert.match(error.message, /cannot reach web-1 \(root@127\.0\.0\.1:\d+\): it said nothing for 1\.0 s/);
    assert.ok(proxy.accepted() <= 11, `${proxy.accepted()} connections`);
  }, knocking);
  await withProxy(async ({ shell }) => assert.match((await refusal(shell.run(['true']))).message, /ECONNREFUSED/), {
    change: target => ({ ...target, port: 1, knock: 100 }),
  });
});

test.run();
