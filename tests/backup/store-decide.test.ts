import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decideBucket, decideServer } from '../../lib/backup/store/index.ts';
import type { Decision } from '../../lib/engine/index.ts';

// A case is data: what is wanted, what was seen, what must be decided. A new file needs no code.
const dir = join(import.meta.dirname, '../cases/store');

// biome-ignore lint/suspicious/noExplicitAny: the data are checked by the decision that they must lead to.
const DECISIONS: Record<string, (want: any, facts: any) => Decision> = { server: decideServer, bucket: decideBucket };

for (const file of readdirSync(dir)) {
  const { decision, promise, want, facts, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  test(`${decision}: ${promise}`, () => assert.equal(DECISIONS[decision]?.(want, facts), expect));
}

test.run();
