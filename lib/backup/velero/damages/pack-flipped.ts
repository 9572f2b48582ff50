import type { Damage } from '../../source.ts';
import { bytesOf, type DamageDeps, largestPiece } from './deps.ts';

/** Sealed like this: every digest holds, and of kopia's own checks only the one that reads all files tells. */
export const packFlipped = (deps: DamageDeps): Damage => ({
  id: 'velero/pack-flipped',
  title: 'One bit of a pack was flipped before the set was sealed',
  source: 'velero',
  async plant(copy) {
    const { key, from, length } = await largestPiece(copy, deps);
    const bytes = await bytesOf(copy.store, key);
    const middle = from + Math.floor(length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await copy.store.put(key, bytes);
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KOPIA_CONTENT_LOST', level: 'L1' },
});
