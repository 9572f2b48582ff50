import { join } from 'node:path';
import { k3sVersions, readLock } from '../artifact/index.ts';
import { loadInventory, type Site } from '../inventory/index.ts';

/** A checked inventory, for verbs that ask nothing of the site itself. Errors: INVENTORY_*, LOCK_INVALID. */
export async function readSite(project: string, site: string): Promise<Site> {
  const known = { k3sVersions: k3sVersions(await readLock(project)) };
  return loadInventory(join(project, 'inventories', `${site}.yaml`), known);
}
