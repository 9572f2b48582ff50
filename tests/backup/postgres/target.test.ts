import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { waitForTarget } from '../../../lib/backup/postgres/paused.ts';
import { postgresOver } from '../../../lib/backup/postgres/server.ts';
import type { Output } from '../../../lib/engine/index.ts';
import { type Clock, systemClock, type Wait, wait } from '../../../lib/time/index.ts';

const test = suite('waiting for a restored database');

/** As PostgreSQL 15 and restore-postgres write them. */
const STARTS = 'LOG:  starting PostgreSQL 15.19 on x86_64-pc-linux-gnu';
const PAUSES = `${STARTS}\nLOG:  recovery stopping at restore point "muster"\nLOG:  pausing at the end of recovery`;

const output = (text: string): Output => ({ bytes: Buffer.from(text), text, dropped: 0 });

/** Each look finds the next of these in the log, and the last of them from then on. */
function restoring(logs: string[], answers: string[]) {
  const asked: string[] = [];
  const saw: string[] = [];
  const postgres = postgresOver('a pod', async () => {
    const answer = answers.shift() ?? 't';
    asked.push(answer);
    return { code: 0, signal: null, stdout: output(`${answer}\n`), stderr: output('') };
  });
  const clock: Clock = { ...systemClock, sleep: async () => undefined };
  const env = {
    wait: <T>(spec: Wait<T>) =>
      wait(spec, { clock, signal: new AbortController().signal, onSaw: (_, what) => void saw.push(what) }),
  };
  const log = async () => (logs.length > 1 ? (logs.shift() ?? '') : (logs[0] ?? ''));
  return { postgres, env, log, asked, saw };
}

test('no exec is paid for before the log says that there is something to see', async () => {
  const { postgres, env, log, asked, saw } = restoring(['', STARTS, PAUSES], []);
  await waitForTarget(postgres, { ended: async () => undefined, log }, env);
  assert.equal(saw, ['files are copied', 'it replays WAL']);
  assert.equal(asked, ['t']);
});

test('the log is a hint: what counts is what the server answers', async () => {
  const { postgres, env, log, asked } = restoring([PAUSES], ['f', '', 't']);
  await waitForTarget(postgres, { ended: async () => undefined, log }, env);
  assert.equal(asked, ['f', '', 't']);
});

test('a pod that ended ends the wait, whatever its log says', async () => {
  const { postgres, env, log } = restoring([PAUSES], []);
  const ended = async () => 'FATAL:  recovery ended before configured recovery target was reached (exit status 1)';
  const error = await waitForTarget(postgres, { ended, log }, env).catch(thrown => thrown);
  assert.is(error.code, 'WAL_GAP');
});

test.run();
