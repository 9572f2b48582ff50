import { isOpsError, OpsError } from '../../errors/index.ts';
import type { Check } from '../check.ts';
import { readSet } from '../manifest.ts';
import type { SetAtHand } from './set-at-hand.ts';

export const ofSite: Check<SetAtHand> = {
  id: 'set.site',
  title: 'The set is of this site',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'the name of the site in the manifest',
  async look({ store, id, site, publicKey }) {
    try {
      await readSet(store, id, { site: site.name, publicKey });
      return { state: 'passed', got: site.name };
    } catch (error) {
      if (isOpsError(error, 'SET_FOREIGN')) return { state: 'failed', got: error.message, code: 'SET_FOREIGN' };
      if (!isOpsError(error) || !/^(MANIFEST_|SET_)/.test(error.code)) throw error;
      throw new OpsError('CHECK_UNRUN', `cannot tell whose set it is: ${error.message}`, { cause: error });
    }
  },
};
