import { generateKeyPairSync } from 'node:crypto';
import { KEYS } from '../set.ts';
import { signBytes } from '../sign.ts';
import type { Damage } from '../source.ts';
import { bytesAt, manifestKey } from './victim.ts';

/** Whole, well-formed and of this site's name: only the published key tells. */
export const otherSigner: Damage = {
  id: 'set/other-signer',
  title: "the manifest is signed by another signer in the site's name",
  source: 'set',
  async plant(copy) {
    const bytes = await bytesAt(copy, manifestKey(copy));
    const { privateKey } = generateKeyPairSync('ed25519');
    await copy.store.put(KEYS.signature(copy.set.manifest.id), signBytes(bytes, privateKey));
  },
  expect: { verdict: 'not verified', code: 'MANIFEST_CHANGED', level: 'L0' },
};
