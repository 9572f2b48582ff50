import type { Damage } from '../../source.ts';
import { bytesOf, type DamageDeps, largestPiece } from './deps.ts';

export const packTruncated = (deps: DamageDeps): Damage => ({
  id: 'velero/pack-truncated',
  title: 'A pack of the kopia repository was cut off before the set was sealed',
  source: 'velero',
  async plant(copy) {
    const { key, from, length } = await largestPiece(copy, deps);
    await copy.store.put(key, (await bytesOf(copy.store, key)).subarray(0, from + Math.floor(length / 2)));
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KOPIA_CONTENT_LOST', level: 'L1' },
});
