import { homedir } from 'node:os';
import { join } from 'node:path';
import { isOpsError, OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { resolveReference, type Secret } from '../../secret/index.ts';

/** Where a site's escrow lies, and who can open it. */
export interface EscrowAt {
  site: string;
  /** Two directories, absolute. */
  places: readonly string[];
  /** age1...; undefined: the lab's own, derived from its identity. */
  recipients?: readonly string[];
  /** The file with the private half: a lab's, one that a person named, or the inventory's. */
  identityFile?: string;
  /** The inventory's: everybody has the inventory, and one computer the file. */
  elsewhere?: true;
  /** A lab without a section: identity and places are made by muster. Elsewhere they must be there. */
  made: boolean;
  /** Its store is one that other computers see: there they are told which generation is in use. */
  shared?: true;
}

/** What of a site outlives its checkout and its store on this computer. */
export const keptDirectory = (site: string, home = homedir()): string => join(home, '.local/share/muster', site);

/** What a person brought comes first: of a site whose private halves are offline, and of a lab whose own is lost. */
export function escrowOf(
  { name, environment, backup, identity: brought }: Pick<Site, 'name' | 'environment' | 'backup' | 'identity'>,
  { home }: { home?: string } = {},
): EscrowAt {
  const own = keptDirectory(name, home);
  // A rehearsal has a home of its own, and its escrow goes with it.
  const made = !backup?.escrow && (environment === 'lab' || home !== undefined);
  const named = backup?.escrow?.identity;
  const identity = brought ?? named ?? (made ? join(own, 'identity.txt') : undefined);
  return {
    site: name,
    places: backup?.escrow?.places ?? [join(own, 'escrow-1'), join(own, 'escrow-2')],
    ...(backup?.escrow && { recipients: backup.escrow.recipients }),
    ...(identity !== undefined && { identityFile: identity }),
    ...(brought === undefined && named !== undefined && { elsewhere: true as const }),
    made,
    // A rehearsal's store goes with it.
    ...(backup?.store.kind === 's3' && home === undefined && { shared: true as const }),
  };
}

/** undefined: its private half is kept offline, or on another computer. Errors: KEY_MISSING: it is not where it should be; SECRET_EXPOSED, SECRET_UNREADABLE. */
export async function readIdentity({ site, identityFile, elsewhere, places }: EscrowAt): Promise<Secret | undefined> {
  if (identityFile === undefined) return undefined;
  try {
    return await resolveReference(`file:${identityFile}`, { directory: '/', env: process.env });
  } catch (error) {
    if (!isOpsError(error, 'SECRET_MISSING')) throw error;
    if (elsewhere) return undefined;
    throw new OpsError(
      'KEY_MISSING',
      `cannot open the escrow of ${site}: there is no age identity in ${identityFile}`,
      {
        cause: error,
        hint: `bring the file back; if it is lost, move ${places.join(' and ')} away: no older set opens without it`,
      },
    );
  }
}
