import { Secret } from '../../secret/index.ts';
import { SOURCES } from '../set.ts';
import type { Damage } from '../source.ts';
import { KEYS_OF } from '../source-keys.ts';
import { rewriteEscrow } from './rewrite-escrow.ts';

/** The escrow is whole and names every key; one of them is another's. Only trying it tells. */
export const keySwapped: readonly Damage[] = SOURCES.map(source => ({
  id: `${source}/key-swapped`,
  title: `the escrow has another key in place of that of ${source}`,
  source,
  plant: copy => {
    const other = new Secret('another-key-that-opens-nothing-0');
    const swap = (name: string, key: Secret): [string, Secret] => [name, name === KEYS_OF[source][0] ? other : key];
    return rewriteEscrow(copy, {
      change: secrets => new Map([...secrets].map(([name, key]) => swap(name, key))),
    });
  },
  expect: { verdict: 'not verified', code: 'KEY_WRONG', level: 'L1' },
}));
