import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';

/** Compares with tests/cases/<path>; UPDATE=1 writes it: then read the difference. */
export function golden(path: string, text: string): void {
  const file = join(import.meta.dirname, '../cases', path);
  if (process.env.UPDATE === '1') writeFileSync(file, text);
  assert.fixture(text, readFileSync(file, 'utf8'));
}
