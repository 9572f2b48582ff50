import type { Damage } from '../source.ts';

const TEN_YEARS = 3650 * 86_400_000;

export const stale: Damage = {
  id: 'set/stale',
  title: 'the newest set is older than the RPO',
  source: 'set',
  plant: copy =>
    copy.reseal(set => ({
      ...set,
      sources: set.sources.map(part => ({
        ...part,
        point: new Date(Date.parse(part.point) - TEN_YEARS).toISOString(),
      })),
    })),
  expect: { verdict: 'not verified', code: 'SET_STALE', level: 'L0' },
};
