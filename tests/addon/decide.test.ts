import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decideAddon } from '../../lib/addon/decide.ts';

// A case is data: what was seen of an add-on, and what must be decided.
const dir = join(import.meta.dirname, '../cases/addon');
const files = readdirSync(dir).filter(file => file.startsWith('decide-'));

for (const file of files) {
  const { promise, want, facts, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  test(promise, () => assert.equal(decideAddon(want, facts), expect));
}

test('there are cases', () => assert.ok(files.length >= 8));

test.run();
