import type { Check } from '../check.ts';
import { type SetAtHand, trusted } from './set-at-hand.ts';

export const complete: Check<SetAtHand> = {
  id: 'set.complete',
  title: 'Every source of the inventory is in the set',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'a part of every source in backup.sources',
  async look(of) {
    const { sources } = await trusted(of);
    const lacks = (of.site.backup?.sources ?? []).filter(name => !sources.some(({ source }) => source === name));
    if (lacks.length > 0) return { state: 'failed', got: `without ${lacks.join(', ')}`, code: 'SET_INCOMPLETE' };
    return { state: 'passed', got: sources.map(({ source }) => source).join(', ') };
  },
};
