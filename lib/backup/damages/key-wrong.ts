import type { Damage } from '../source.ts';
import { rewriteEscrow } from './rewrite-escrow.ts';

/** What happens when the offline identity is exchanged, and nobody tries the new one. */
export const keyWrong: Damage = {
  id: 'set/key-wrong',
  title: 'the escrow was encrypted to another identity than the one at hand',
  source: 'set',
  async plant(copy) {
    const { generateIdentity, identityToRecipient } = await import('age-encryption');
    await rewriteEscrow(copy, { recipient: await identityToRecipient(await generateIdentity()) });
  },
  expect: { verdict: 'not verified', code: 'KEY_WRONG', level: 'L0' },
};
