import type { Damage } from '../source.ts';

export const sourceLeftOut: Damage = {
  id: 'set/source-left-out',
  title: 'a source of the inventory is not in the set',
  source: 'set',
  plant: copy => copy.reseal(set => ({ ...set, sources: set.sources.slice(0, -1) })),
  expect: { verdict: 'not verified', code: 'SET_INCOMPLETE', level: 'L0' },
};
