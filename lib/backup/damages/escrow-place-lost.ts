import { rm } from 'node:fs/promises';
import type { Damage } from '../source.ts';

export const escrowPlaceLost: Damage = {
  id: 'set/escrow-place-lost',
  title: 'one of the two places of the escrow is gone',
  source: 'set',
  plant: async ({ escrow }) => {
    await rm(escrow.places[1] ?? '', { recursive: true });
  },
  expect: { verdict: 'not verified', code: 'ESCROW_ABSENT', level: 'L0' },
};
