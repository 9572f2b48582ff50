import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, throws } from 'uvu/assert';
import { parseCommand } from '../../lib/cli/flags.ts';
import { asOpsError } from '../../lib/errors/index.ts';

const cases = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'cases', 'cli', `${name}.json`), 'utf8'));

const flags = suite('flags');

for (const { argv, ...expected } of cases('understood')) {
  flags(`'${argv.join(' ')}' is understood`, () => equal(parseCommand(argv), expected));
}

for (const { argv, says, hint } of cases('refused')) {
  flags(`'${argv.join(' ')}' is refused with what to type instead`, () => {
    throws(
      () => parseCommand(argv),
      (error: unknown) => {
        const { message, hint: next, exit } = asOpsError(error);
        equal({ says: message, hint: next, exit }, { says, hint, exit: 3 });
        return true;
      },
    );
  });
}

flags.run();
