import { Secret } from '../../../secret/index.ts';
import type { Damage } from '../../source.ts';
import { type DamageDeps, veleroPart } from './deps.ts';

export const wrongPassword = ({ kopia }: DamageDeps): Damage => ({
  id: 'velero/wrong-password',
  title: 'The key that is kept does not open the volume backups',
  source: 'velero',
  async plant(copy) {
    const { namespace } = veleroPart(copy);
    await kopia(copy.store.bucket, namespace, open =>
      open.run(['repository', 'change-password'], { KOPIA_NEW_PASSWORD: new Secret('not-the-one-that-is-kept') }),
    );
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KEY_WRONG', level: 'L1' },
});
