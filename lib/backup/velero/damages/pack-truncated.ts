import type { Damage } from '../../source.ts';
import { bytesOf, largestBlob } from './deps.ts';

export const packTruncated: Damage = {
  id: 'velero/pack-truncated',
  title: 'A pack of the kopia repository is was cut off before the set was sealed',
  source: 'velero',
  async plant(copy) {
    const { key, size } = await largestBlob(copy, 'p');
    await copy.store.put(key, (await bytesOf(copy.store, key)).subarray(0, Math.floor(size / 2)));
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KOPIA_CONTENT_LOST', level: 'L1' },
};
