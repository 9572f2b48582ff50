import { SOURCES } from '../set.ts';
import type { Damage } from '../source.ts';
import { KEYS_OF } from '../source-keys.ts';
import { rewriteEscrow } from './rewrite-escrow.ts';

export const keyMissing: readonly Damage[] = SOURCES.map(source => ({
  id: `${source}/key-missing`,
  title: `the escrow lacks a key of ${source}`,
  source,
  plant: copy =>
    rewriteEscrow(copy, { change: secrets => new Map([...secrets].filter(([name]) => name !== KEYS_OF[source][0])) }),
  expect: { verdict: 'not verified', code: 'KEY_MISSING', level: 'L0' },
}));
