import { SOURCES } from '../set.ts';
import type { Damage } from '../source.ts';
import { rewrite, victim } from './victim.ts';

export const bitFlipped: readonly Damage[] = SOURCES.map(source => ({
  id: `${source}/bit-flipped`,
  title: `one bit of an object of ${source} is flipped`,
  source,
  plant: copy =>
    rewrite(copy, victim(copy, source), bytes => {
      const middle = Math.floor(bytes.length / 2);
      return bytes.map((byte, at) => (at === middle ? byte ^ 0b100 : byte));
    }),
  expect: { verdict: 'not verified', code: 'SET_ARTEFACT_CHANGED', level: 'L0' },
}));
