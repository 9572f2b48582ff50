import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal } from 'uvu/assert';
import { parseCommand } from '../../lib/cli/flags.ts';
import { asOpsError } from '../../lib/errors/index.ts';

const cases = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'cases', 'cli', `${name}.json`), 'utf8'));

const flags = suite('flags');

for (const { argv, ...expected } of cases('understood')) {
  flags(`'${argv.join(' ')}' is understood`, async () => equal(await parseCommand(argv), expected));
}

for (const { argv, says, hint } of cases('refused')) {
  flags(`'${argv.join(' ')}' is refused with what to type instead`, async () => {
    const error = asOpsError(await parseCommand(argv).catch(thrown => thrown));
    equal({ says: error.message, hint: error.hint, exit: error.exit }, { says, hint, exit: 3 });
  });
}

flags.run();
