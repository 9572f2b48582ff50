import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import { equal, match, ok } from 'uvu/assert';
import { VERBS } from '../../lib/cli/verbs.ts';
import { ROOT } from '../architecture/tree.ts';
import { commandsOf, entries } from './commands.ts';

const muster = (...args: string[]) =>
  promisify(execFile)(join(ROOT, 'muster'), args).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }) => ({ code, stdout }),
  );

const book = suite('runbook');

book('every command of it is taken by the muster that is here', async () => {
  // What is passed on belongs to another program, which would need the site.
  const commands = commandsOf('./muster').filter(([verb = '']) => verb !== 'explain' && !VERBS[verb]?.passes);
  ok(commands.length > 30);
  for (const argv of commands) {
    const { code, stdout } = await muster(...argv, '--help');
    equal([argv.join(' '), code], [argv.join(' '), 0]);
    match(stdout, `usage: ./muster ${argv[0]}`);
  }
});

book('explain names the entry of a code, on paper and as data', async () => {
  const [entry] = entries.filter(({ codes }) => codes.includes('WAL_GAP'));
  match((await muster('explain', 'wal-gap')).stdout, `runbook  RUNBOOK.md#${entry?.anchor}`);
  equal(JSON.parse((await muster('explain', 'WAL_GAP', '--json')).stdout).runbook, `RUNBOOK.md#${entry?.anchor}`);
  equal((await muster('explain', 'USAGE')).stdout.includes('runbook'), false);
});

book.run();
