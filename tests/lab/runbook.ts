import * as assert from 'uvu/assert';
import { commandsOf } from '../runbook/commands.ts';
import type { Result } from './checkout.ts';

/** They change nothing; the AWS ones among them are asked in contract tests. */
const READS = ['status', 'plan', 'backups', 'backup-audit', 'doctor', 'cost', 'explain', 'verify-evidence', 'kubectl'];

const reads = ([verb = '', next = '', ...rest]: readonly string[]) =>
  READS.includes(verb) || (verb === 'schedule' && next === 'status') || [next, ...rest].includes('--dry-run');

/** Of a site that lives and has no replica; and of one without timers, on machines of one computer. */
const codeOf = (command: string) =>
  /^(rebuild|drill region-loss) /.test(command) ? 4 : /^(schedule|join) /.test(command) ? 3 : 0;

/**
 * Types every command of RUNBOOK.md that a person may type at any time, two at once as people do.
 * @param values what a capital word of the page stands for here.
 * @returns those that did not end as they should, with what they said.
 */
export async function unanswered(
  values: Readonly<Record<string, string>>,
  run: (argv: string[]) => Promise<Result>,
): Promise<string[]> {
  const commands = new Map(
    commandsOf('./muster')
      .filter(reads)
      .map(argv => argv.filter((word, n) => word !== '--site' && argv[n - 1] !== '--site'))
      .map(argv => [argv.join(' '), argv.map(word => values[word] ?? word)]),
  );
  assert.ok(commands.size > 35, `${commands.size} commands`);
  const queue = [...commands];
  const wrong: string[] = [];
  const type = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [command, argv] = next;
      const { code, stderr } = await run(argv);
      if (code !== codeOf(command)) wrong.push(`${command}: ${code}: ${stderr.slice(-500)}`);
    }
  };
  await Promise.all([type(), type()]);
  return wrong;
}
