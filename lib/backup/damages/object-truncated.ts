import { SOURCES } from '../set.ts';
import type { Damage } from '../source.ts';
import { rewrite, victim } from './victim.ts';

export const objectTruncated: readonly Damage[] = SOURCES.map(source => ({
  id: `${source}/object-truncated`,
  title: `an object of ${source} lacks its last byte`,
  source,
  plant: copy => rewrite(copy, victim(copy, source), bytes => bytes.subarray(0, -1)),
  expect: { verdict: 'not verified', code: 'SET_ARTEFACT_TRUNCATED', level: 'L0' },
}));
