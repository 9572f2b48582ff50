import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decideKey } from '../../../lib/addon/velero/key.ts';
import { coverageOf } from '../../../lib/backup/velero/claims.ts';
import { compareFiles } from '../../../lib/backup/velero/compare.ts';
import { decideRestore } from '../../../lib/backup/velero/restore.ts';
import { restoreSeen } from '../../../lib/backup/velero/restored.ts';
import { decideTake } from '../../../lib/backup/velero/take.ts';
import { verifyRecord } from '../../../lib/backup/velero/verify.ts';

/** A case gives its own arguments: it is data. */
const DECIDE: Record<string, (...args: never[]) => unknown> = {
  coverage: coverageOf,
  verify: verifyRecord,
  take: decideTake,
  restore: decideRestore,
  restored: restoreSeen,
  compare: compareFiles,
  key: decideKey,
};

const test = suite('Velero is decided');
const dir = join(import.meta.dirname, '../../cases/velero');
const files = readdirSync(dir);

for (const file of files) {
  const { promise, decide, args, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  // JSON has no undefined.
  const given = args.map((value: unknown) => value ?? undefined) as never[];
  test(`${decide}: ${promise}`, () => assert.equal(DECIDE[decide]?.(...given), expect));
}

test('by cases of each decision', () => {
  const seen = new Set(files.map(file => file.split('-')[0]));
  assert.equal([...seen].sort(), Object.keys(DECIDE).sort());
});

test.run();
