import type { Damage } from '../../source.ts';
import { bytesOf, largestBlob } from './deps.ts';

/** Sealed like this: every digest holds, and of kopia's own checks only the one that reads all files tells. */
export const packFlipped: Damage = {
  id: 'velero/pack-flipped',
  title: 'One bit of a pack was flipped before the set was sealed',
  source: 'velero',
  async plant(copy) {
    const { key, size } = await largestBlob(copy, 'p');
    const bytes = await bytesOf(copy.store, key);
    const middle = Math.floor(size / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await copy.store.put(key, bytes);
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KOPIA_CONTENT_LOST', level: 'L1' },
};
