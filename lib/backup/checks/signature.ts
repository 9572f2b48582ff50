import { isOpsError } from '../../errors/index.ts';
import type { Check } from '../check.ts';
import { readSigned } from '../manifest.ts';
import { fingerprint } from '../sign.ts';
import type { SetAtHand } from './set-at-hand.ts';

export const signature: Check<SetAtHand> = {
  id: 'set.signature',
  title: "The manifest is what the site's signer signed",
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'a manifest of this schema and id, signed by the key that is published',
  async look({ store, id, site, publicKey }) {
    try {
      await readSigned(store, id, { site: site.name, publicKey });
      return { state: 'passed', got: `signed by ${fingerprint(publicKey)}` };
    } catch (error) {
      if (!isOpsError(error) || !/^(MANIFEST_|SET_)/.test(error.code)) throw error;
      return { state: 'failed', got: error.message, code: error.code, details: error.details };
    }
  },
};
