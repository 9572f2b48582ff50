import { generationHere, type InUse, readInUse } from '../backup/escrow/in-use.ts';
import { escrowOf } from '../backup/index.ts';
import { isOpsError, OpsError } from '../errors/index.ts';
import { openStore, storeAccess } from '../store/index.ts';
import type { OpenSite } from './open.ts';

/** They bring secrets, or carry none to the site. */
const FREE = new Set(['join', 'rebuild', 'destroy', 'reap', 'stop']);

/** Of the newer escrow; `here`: the generation that this computer has seen, 0: none. */
export type Stale = InUse & { here: number };

/** Another computer has sealed a newer escrow than this one has seen: it may have changed every secret. undefined: none has. */
export async function newerElsewhere(open: OpenSite, verb: string): Promise<Stale | undefined> {
  const { site, dirs, rehearsal } = open;
  if (rehearsal || !site.backup || !escrowOf(site).shared) return undefined;
  const [told, here] = await Promise.all([toldOf(open, verb), generationHere(dirs.state)]);
  return told && told.generation > here ? { ...told, here } : undefined;
}

async function toldOf({ site, dirs, ports, signal }: OpenSite, verb: string): Promise<InUse | undefined> {
  try {
    return await readInUse(await ports.store(site.name), site.name);
  } catch (error) {
    // A bucket that was just made lets in its owner only.
    if (verb !== 'bootstrap' || !isOpsError(error, 'STORE_REFUSED')) throw error;
    const owner = await storeAccess(site, 'admin', { dirs, secrets: ports.secrets });
    const store = openStore(owner, { clock: ports.clock, signal, random: Math.random });
    return readInUse(store, site.name).finally(() => store.close());
  }
}

/**
 * With secrets of before, a run would carry them to where the new ones are: what another computer rotated would be undone, and
 * the site not open for it. Errors: SECRETS_STALE.
 */
export async function refuseStale(open: OpenSite, verb: string): Promise<void> {
  const { name } = open.site;
  const newer = FREE.has(verb) ? undefined : await newerElsewhere(open, verb);
  if (!newer) return;
  const { by, at, generation, here } = newer;
  throw new OpsError(
    'SECRETS_STALE',
    `cannot ${verb} ${name}: ${by} made generation ${generation} of its escrow at ${at}, and this computer has ${here === 0 ? 'none' : `generation ${here}`}`,
    { hint: `./muster join --site ${name} --identity FILE` },
  );
}
