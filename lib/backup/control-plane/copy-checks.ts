import { isOpsError } from '../../errors/index.ts';
import type { Check } from '../check.ts';
import type { PartOf } from '../set.ts';
import { type CopyAtHand, openCopy } from './copy.ts';

type CopyCheck = Check<CopyAtHand>;
const SHOWN = 50;
const of = { source: 'control-plane', required: true } as const;

/** L1, of a bucket and the keys to it: the copy opens with the key that is kept, and is a whole datastore. */
export const opensCheck = (part: PartOf<'control-plane'>): CopyCheck => ({
  ...of,
  id: 'control-plane.opens',
  title: 'The copy of the datastore opens, and is whole',
  level: 'L1',
  expected: 'unsealed with the key that is kept, integrity ok',
  async look(at) {
    try {
      const { integrity, objects } = await openCopy(part, at);
      if (integrity === 'ok') return { state: 'passed', got: `ok, ${objects} objects` };
      return { state: 'failed', code: 'SET_INCOMPLETE', got: integrity };
    } catch (error) {
      if (!isOpsError(error) || !/^(KEY|SET)_/.test(error.code)) throw error;
      return { state: 'failed', code: error.code, got: error.message };
    }
  },
});

/** L4, of the same: each object of the manifest is in it, as itself. */
export const contentsCheck = (part: PartOf<'control-plane'>): CopyCheck => ({
  ...of,
  id: 'control-plane.contents',
  title: 'Every object of the manifest is in the copy of the datastore',
  level: 'L4',
  expected: `${Object.keys(part.facts.uids).length} objects with their UIDs`,
  async look(at) {
    const { uids } = await openCopy(part, at);
    const names = Object.keys(part.facts.uids);
    const lost = names.filter(name => !uids.has(part.facts.uids[name] ?? ''));
    if (lost.length === 0) return { state: 'passed', got: `${names.length} objects` };
    const details = lost.slice(0, SHOWN);
    return { state: 'failed', code: 'OBJECT_MISSING', got: `without ${lost.length} of ${names.length}`, details };
  },
});
