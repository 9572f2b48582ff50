import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decideAccess } from '../../../lib/backup/postgres/access.ts';
import { decideRestore, decideStop } from '../../../lib/backup/postgres/restore.ts';
import { decideStanza } from '../../../lib/backup/postgres/stanza.ts';
import { decideBackup, decideTake } from '../../../lib/backup/postgres/take.ts';
import type { Decision } from '../../../lib/engine/index.ts';

const DECIDE: Record<string, (want: never, facts: never) => Decision> = {
  access: decideAccess,
  stanza: decideStanza,
  backup: decideBackup,
  take: decideTake,
  stop: decideStop,
  restore: decideRestore,
};

const test = suite('the database is decided');
const dir = join(import.meta.dirname, '../../cases/backup/postgres');
const files = readdirSync(dir);

for (const file of files) {
  const { promise, step, want, facts, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  const given = (value: unknown) => (value ?? undefined) as never;
  test(`${step}: ${promise}`, () => assert.equal(DECIDE[step]?.(given(want), given(facts)), expect));
}

test('by cases of each step', () => {
  const steps = new Set(files.map(file => file.split('-')[0]));
  assert.equal([...steps].sort(), Object.keys(DECIDE).sort());
});

test.run();
