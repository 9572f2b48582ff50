import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';

/** An escrow as outside labs: its places, vault and usb, and the files of the private halves lie in `dir`. */
export interface EscrowKeys {
  dir: string;
  recipients: string[];
}

export async function escrowKeys(site: string, ...files: string[]): Promise<EscrowKeys> {
  const dir = await mkdtemp(join(tmpdir(), `muster-${site}-escrow-`));
  for (const place of ['vault', 'usb']) await mkdir(join(dir, place));
  return { dir, recipients: await Promise.all(files.map(name => privateHalf(join(dir, name)))) };
}

/** A new age identity in a file; its public half. */
async function privateHalf(path: string): Promise<string> {
  const identity = await generateIdentity();
  await writeFile(path, `${identity}\n`, { mode: 0o600 });
  return identityToRecipient(identity);
}
