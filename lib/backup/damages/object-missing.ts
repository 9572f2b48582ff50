import { SOURCES } from '../set.ts';
import type { Damage } from '../source.ts';
import { victim } from './victim.ts';

export const objectMissing: readonly Damage[] = SOURCES.map(source => ({
  id: `${source}/object-missing`,
  title: `an object of ${source} is missing`,
  source,
  plant: copy => copy.store.remove([victim(copy, source)]),
  expect: { verdict: 'not verified', code: 'SET_ARTEFACT_MISSING', level: 'L0' },
}));
