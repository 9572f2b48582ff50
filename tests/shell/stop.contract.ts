import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { program, refusal, scratch, withShells } from './local-shells.ts';

const test = suite('stopping local commands');
const pidFile = () => join(scratch(), 'pids');
const pidsIn = (file: string) => readFileSync(file, 'utf8').trim().split('\n');
/** A zombie is dead. */
const lives = (pid: string) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

test('a command that ignores TERM is killed after its time, and its grandchild in another session too', async () => {
  await withShells({}, async shells => {
    const file = pidFile();
    const shell = await shells.shell('localhost');
    const error = await refusal(shell.exec([program('stubborn.sh'), file], { timeout: 500 }));
    assert.is(error.code, 'SHELL_TIMEOUT');
    assert.match(error.message, /it did not end within 500 ms; it was stopped/);
    assert.equal(error.details, ['ready']);
    assert.is(pidsIn(file).length, 2);
    assert.equal(pidsIn(file).filter(lives), []);
    assert.equal(shells.stillRunning(), []);
  });
});

test('the run’s signal ends every command within 5 s', async () => {
  const stop = new AbortController();
  await withShells({ signal: stop.signal }, async shells => {
    const shell = await shells.shell('localhost');
    const files = [pidFile(), pidFile(), pidFile()];
    const work = files.map(file => shell.exec([program('stubborn.sh'), file]).catch(error => error));
    // The pause first: on a busy computer the programs may have written before this process has seen them start.
    do await new Promise(r => setTimeout(r, 50));
    while (!files.every(file => existsSync(file) && pidsIn(file).length === 2));
    assert.is(shells.stillRunning().length, 3);
    const start = performance.now();
    stop.abort(new Error('stopped'));
    assert.equal(
      (await Promise.all(work)).map(error => error.message),
      ['stopped', 'stopped', 'stopped'],
    );
    assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
    assert.equal(files.flatMap(pidsIn).filter(lives), []);
    assert.equal(shells.stillRunning(), []);
  });
});

test('something in the background that holds the output is named as the reason of a timeout', async () => {
  await withShells({}, async shells => {
    const shell = await shells.shell('localhost');
    const error = await refusal(shell.exec([program('hold-output.sh')], { timeout: 500 }));
    assert.match(
      error.message,
      /it ended \(exit status 0\), but after 500 ms something it started still held its output/,
    );
    assert.equal(error.details, ['done']);
  });
});

test.run();
