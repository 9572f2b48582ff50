import { KEYS } from '../set.ts';
import type { Damage } from '../source.ts';
import { bytesAt } from './victim.ts';

/** Its signature holds, and so does every object: an old set under the name of tomorrow's. */
export const renamed: Damage = {
  id: 'set/renamed',
  title: 'an older set is renamed as the newest',
  source: 'set',
  async plant(copy) {
    const { manifest } = copy.set;
    const id = manifest.id.replace(/^\d{4}/, year => String(Number(year) + 1));
    for (const key of [KEYS.signature, KEYS.manifest])
      await copy.store.put(key(id), await bytesAt(copy, key(manifest.id)));
    copy.set = { ...copy.set, manifest: { ...manifest, id } };
  },
  expect: { verdict: 'not verified', code: 'MANIFEST_CHANGED', level: 'L0' },
};
