import { formatDuration, minutes } from '../../time/index.ts';
import type { Check } from '../check.ts';
import { type SetAtHand, trusted } from './set-at-hand.ts';

/** What two clocks may differ by before a point in the future is taken for nonsense. */
const SKEW = minutes(5);

export const age: Check<SetAtHand> = {
  id: 'set.age',
  title: 'No source is older than its RPO',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'the point of every source within the rpo of the inventory',
  async look(of) {
    const { sources } = await trusted(of);
    const ages = sources.map(({ source, point }) => {
      const old = of.at.getTime() - Date.parse(point);
      const limit = of.site.backup?.rpo[source];
      const wrong = old < -SKEW || limit === undefined || old > limit;
      const said = old < 0 ? `${formatDuration(-old)} in the future` : formatDuration(old);
      return { wrong, text: `${source}: ${said}, rpo ${limit === undefined ? 'none' : formatDuration(limit)}` };
    });
    const late = ages.filter(({ wrong }) => wrong);
    const got = (late[0] ? late : ages).map(({ text }) => text).join('; ');
    return late.length > 0 ? { state: 'failed', got, code: 'SET_STALE' } : { state: 'passed', got };
  },
};
