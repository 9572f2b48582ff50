import { encrypt, type Secrets } from '../escrow/document.ts';
import { copiesOf, openEscrow, writeCopy } from '../escrow/generations.ts';
import { readIdentity } from '../escrow/place.ts';
import { sha256Of } from '../sign.ts';
import type { SetCopy } from '../source.ts';

/** The generation that the set names, written again in every place, as if it had always been so. */
export async function rewriteEscrow(
  { escrow, set }: SetCopy,
  { change = same => same, recipient }: { change?: (secrets: Secrets) => Secrets; recipient?: string },
): Promise<void> {
  const { identityToRecipient } = await import('age-encryption');
  const identity = await readIdentity(escrow);
  const { generation, secrets } = await openEscrow(escrow, identity, set.manifest.escrowGeneration);
  const own = /AGE-SECRET-KEY-\S+/.exec(identity?.reveal() ?? '')?.[0] ?? '';
  const to = recipient ?? (await identityToRecipient(own));
  const text = await encrypt(escrow.site, generation, change(secrets), [to]);
  for (const { place, note } of await copiesOf(escrow, generation))
    if (note) await writeCopy(escrow, place, text, { ...note, sha256: sha256Of(text) });
}
