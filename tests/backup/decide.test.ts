import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decideOpen, type OpenFacts } from '../../lib/backup/escrow/open.ts';
import { decideEscrow, type EscrowFacts } from '../../lib/backup/escrow/seal.ts';
import { decideExpire, type ExpireFacts } from '../../lib/backup/expire.ts';
import { decidePublicKey, decideSigner, type SignerFacts } from '../../lib/backup/signer.ts';
import type { Decision } from '../../lib/engine/index.ts';

// A case is data: what was seen of sets and escrow, and what must be decided.
const dir = join(import.meta.dirname, '../cases/backup');
const files = readdirSync(dir).filter(file => /^(escrow|expire|signer|open)-/.test(file));

const DECIDE: Readonly<Record<string, (want: never, facts: never) => Decision>> = {
  escrow: (want: { identityFile?: string }, facts: EscrowFacts) => decideEscrow(facts, want),
  expire: (want: number, facts: ExpireFacts) => decideExpire(want, facts),
  signer: (_: never, facts: SignerFacts) => decideSigner(facts),
  publicKey: (want: string, facts: SignerFacts) => decidePublicKey(facts, want),
  open: (_: never, facts: OpenFacts) => decideOpen(facts),
};

for (const file of files) {
  const { decide, promise, want, facts, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  test(promise, () => assert.equal(DECIDE[decide]?.(want as never, facts as never), expect));
}

test('there are cases', () => assert.ok(files.length >= 20));

test.run();
