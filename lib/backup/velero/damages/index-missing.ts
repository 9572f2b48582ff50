import type { Damage } from '../../source.ts';
import { largestBlob } from './deps.ts';

export const indexMissing: Damage = {
  id: 'velero/index-missing',
  title: 'An index of the kopia repository was lost before the set was sealed',
  source: 'velero',
  async plant(copy) {
    await copy.store.remove([(await largestBlob(copy, 'x')).key]);
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KOPIA_CONTENT_LOST', level: 'L1' },
};
