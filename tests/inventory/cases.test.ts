import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../lib/errors/index.ts';
import { loadInventory } from '../../lib/inventory/index.ts';

// A case is an inventory, and beside it <name>.problems: what must be said about it, line by line; empty when it is
// good. UPDATE=1 writes them: then read the difference.
const cases = join(import.meta.dirname, '../cases/inventory');
const known = { k3sVersions: ['v1.35.1+k3s1', 'v1.36.3+k3s1', 'v1.36.3+k3s-lab'] };

const names = (extension: string) =>
  readdirSync(cases)
    .filter(file => file.endsWith(extension))
    .map(file => file.slice(0, -extension.length))
    .sort();

async function problemsOf(name: string): Promise<string> {
  const file = relative(process.cwd(), join(cases, `${name}.yaml`));
  try {
    await loadInventory(file, known);
    return '';
  } catch (error) {
    if (!isOpsError(error, 'INVENTORY_INVALID')) throw error;
    assert.is(error.exit, 3);
    assert.match(error.message, /^cannot use .*\.yaml: (1 problem|[0-9]+ problems)$/);
    assert.is(Number(/: ([0-9]+) problem/.exec(error.message)?.[1]), error.details.length);
    return error.details.map(line => `${line.replace(file, `${name}.yaml`)}\n`).join('');
  }
}

for (const name of names('.yaml')) {
  test(`the problems of ${name} are all named, each with its place`, async () => {
    const beside = join(cases, `${name}.problems`);
    const problems = await problemsOf(name);
    if (process.env.UPDATE === '1') writeFileSync(beside, problems);
    assert.snapshot(problems, readFileSync(beside, 'utf8'));
  });
}

test('every list of problems has its inventory, and there are good ones and bad ones', () => {
  assert.equal(names('.problems'), names('.yaml'));
  const empty = names('.problems').filter(name => readFileSync(join(cases, `${name}.problems`), 'utf8') === '');
  assert.equal(empty, [
    'backup-roles',
    'backup-valid',
    'ec2-valid',
    'eks-existing',
    'eks-valid',
    'existing-valid',
    'release-in-production',
    'sizes-at-minimum',
    'state-valid',
    'valid',
    'valid-without-app',
    'yaml-1-2',
  ]);
});

test.run();
