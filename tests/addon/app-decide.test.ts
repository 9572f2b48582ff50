import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decideAnswers, decideMigrate, decideSeed } from '../../lib/addon/app/decide.ts';
import { decideSecrets } from '../../lib/addon/app/secrets.ts';
import type { Decision } from '../../lib/engine/index.ts';

const DECIDE: Record<string, (want: never, facts: never) => Decision> = {
  migrate: decideMigrate,
  seed: decideSeed,
  answers: decideAnswers,
  secrets: decideSecrets,
};

const test = suite('the app is decided');

// A case is data: what was seen of the app, and what must be decided.
const dir = join(import.meta.dirname, '../cases/app');
const files = readdirSync(dir);

for (const file of files) {
  const { promise, step, want, facts, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  test(`${step}: ${promise}`, () => assert.equal(DECIDE[step]?.(want as never, facts as never), expect));
}

test('by cases of each step', () => {
  const steps = new Set(files.map(file => file.split('-')[0]));
  assert.equal([...steps].sort(), Object.keys(DECIDE).sort());
});

test.run();
