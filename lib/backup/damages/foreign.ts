import type { Damage } from '../source.ts';

export const foreign: Damage = {
  id: 'set/foreign',
  title: "another site's set, signed by the same hand",
  source: 'set',
  plant: copy => copy.reseal(set => ({ ...set, site: `${set.site}-twin` })),
  expect: { verdict: 'not verified', code: 'SET_FOREIGN', level: 'L0' },
};
