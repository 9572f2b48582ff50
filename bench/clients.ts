/** `node bench/clients.ts`: what loading each client of AWS costs, which is why none is loaded before its first call. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printRatios } from './ratio.ts';

const root = join(import.meta.dirname, '..');
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};

/** All that the project has: a new one is measured with the next run. Found from the folder of the project. */
export function benchClients(): void {
  const names = Object.keys(dependencies).filter(name => name.startsWith('@aws-sdk/'));
  const load = (name: string) => `await import(${JSON.stringify(name)})`;
  const argv = (code: string): [string, ...string[]] => [process.execPath, '--input-type=module', '-e', code];
  process.chdir(root);
  printRatios('import of each client of AWS, against a bare Node', [
    { name: 'node -e 0', argv: argv('0') },
    ...names.map(name => ({ name: name.slice('@aws-sdk/'.length), argv: argv(load(name)) })),
  ]);
}

if (import.meta.main) benchClients();
