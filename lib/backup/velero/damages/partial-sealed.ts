import type { Damage } from '../../source.ts';
import { backupKeys } from '../names.ts';
import { bytesOf, veleroPart } from './deps.ts';

export const partialSealed: Damage = {
  id: 'velero/partial-sealed',
  title: 'A backup that Velero calls PartiallyFailed was sealed as whole',
  source: 'velero',
  async plant(copy) {
    const { backup } = backupKeys(veleroPart(copy).facts.backup);
    const text = (await bytesOf(copy.store, backup)).toString('utf8');
    await copy.store.put(backup, text.replace(/"phase":\s*"Completed"/, '"phase":"PartiallyFailed","errors":1'));
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'VELERO_PARTIAL', level: 'L1' },
};
