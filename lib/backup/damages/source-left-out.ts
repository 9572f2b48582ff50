import { type Damage, NoRoom } from '../source.ts';

export const sourceLeftOut: Damage = {
  id: 'set/source-left-out',
  title: 'a source of the inventory is not in the set',
  source: 'set',
  async plant(copy) {
    if (copy.set.manifest.sources.length < 2) throw new NoRoom('the set has one source, and a set of none is no set');
    await copy.reseal(set => ({ ...set, sources: set.sources.slice(0, -1) }));
  },
  expect: { verdict: 'not verified', code: 'SET_INCOMPLETE', level: 'L0' },
};
