import type { Damage } from '../../source.ts';
import { type DamageDeps, largestPiece } from './deps.ts';

/** As when a pack is lost and a newer backup refers to it: Velero calls that one Completed, without a warning. */
export const contentLost = (deps: DamageDeps): Damage => ({
  id: 'velero/content-lost',
  title: 'Velero says Completed over content that its repository had lost before',
  source: 'velero',
  async plant(copy) {
    const { key } = await largestPiece(copy, deps);
    await copy.store.remove([key]);
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KOPIA_CONTENT_LOST', level: 'L1' },
});
