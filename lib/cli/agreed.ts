import { OpsError } from '../errors/index.ts';
import type { Call } from './verb.ts';

export type Asker = Pick<Call, 'out' | 'yes' | 'signal'>;

/** Asks a person, on stderr; where there is none, --yes says it. Errors: INTERRUPTED. */
export async function agreed(message: string, { out, yes, signal }: Asker): Promise<boolean> {
  if (yes) return true;
  if (!out.interactive()) return false;
  const { default: inquirer } = await import('inquirer');
  const prompt = inquirer.createPromptModule({ input: process.stdin, output: process.stderr, signal });
  const { go } = await prompt([{ type: 'confirm', name: 'go', message, default: true } as const]).catch(cause => {
    // A prompt takes Ctrl-C as a key of its own: no signal comes.
    throw new OpsError('INTERRUPTED', 'cannot go on: the question was not answered', { cause });
  });
  return go === true;
}
