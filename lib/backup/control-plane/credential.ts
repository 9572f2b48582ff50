import type { Credential } from '../../engine/index.ts';
import { generateFresh } from '../../secret/index.ts';
import { CIPHER } from './take.ts';

/** Of copies that are to come: those of older sets open with the generation of the escrow that they name. */
export const copyCredential: Credential = {
  id: 'control-plane',
  title: "The cipher of the copies of the control plane's datastore",
  secrets: [CIPHER],
  make: async ({ secrets }) => void (await generateFresh(secrets, CIPHER, { length: 32 })),
  before: [],
  follows: [],
  after: [],
};
