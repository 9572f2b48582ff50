import { isOpsError, OpsError } from '../../errors/index.ts';
import type { Secret } from '../../secret/index.ts';
import type { Check } from '../check.ts';
import type { Secrets } from '../escrow/document.ts';
import { copiesOf, openEscrow } from '../escrow/generations.ts';
import { type EscrowAt, readIdentity } from '../escrow/place.ts';
import type { Manifest } from '../set.ts';
import { KEYS_OF } from '../source-keys.ts';
import { type Look, type SetAtHand, trusted } from './set-at-hand.ts';

export const escrow: Check<SetAtHand> = {
  id: 'set.escrow',
  title: 'The escrow opens, and holds every key that the set needs',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'the generation that the set names, whole in every place, opened with the identity',
  async look(of) {
    const manifest = await trusted(of);
    try {
      return await lookInside(of.escrow, manifest);
    } catch (error) {
      if (!isOpsError(error) || !/^(ESCROW_|KEY_)/.test(error.code)) throw error;
      return { state: 'failed', got: error.message, code: error.code };
    }
  },
};

async function lookInside(at: EscrowAt, { escrowGeneration: generation, sources }: Manifest): Look {
  const copies = await copiesOf(at, generation);
  const lacks = copies.filter(({ is }) => is !== 'whole').map(({ place, is }) => `${place}: ${is}`);
  if (lacks.length > 0)
    return {
      state: 'failed',
      got: `generation ${generation}: ${lacks.join(', ')}`,
      code: 'ESCROW_ABSENT',
      details: lacks,
    };
  const { secrets } = await openEscrow(at, await identityOf(at), generation);
  const missing = missingKeys(secrets, sources);
  if (missing.length === 0)
    return {
      state: 'passed',
      got: `generation ${generation} with ${secrets.size} secrets, in ${copies.length} places`,
    };
  return {
    state: 'failed',
    got: `generation ${generation} lacks ${missing.join(', ')}`,
    code: 'KEY_MISSING',
    details: missing,
  };
}

const missingKeys = (secrets: Secrets, sources: Manifest['sources']): string[] =>
  sources.flatMap(({ source }) =>
    KEYS_OF[source].filter(name => !secrets.has(name)).map(name => `${name} of ${source}`),
  );

/** Errors: KEY_MISSING: it should be at hand and is not; CHECK_UNRUN: it is kept offline, and nobody brought it. */
async function identityOf(at: EscrowAt): Promise<Secret> {
  const identity = await readIdentity(at);
  if (identity) return identity;
  const bring = 'bring it with --identity FILE';
  throw new OpsError('CHECK_UNRUN', `cannot open the escrow of ${at.site}: its identity is not here: ${bring}`);
}
