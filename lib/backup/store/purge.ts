import { rm } from 'node:fs/promises';
import type { SecretStore } from '../../secret/index.ts';
import { forgetStore, storeFiles } from '../../store/index.ts';
import type { Clock } from '../../time/index.ts';
import { exists } from './make.ts';
import { endServer, serverProcess } from './process.ts';

export interface Purged {
  /** What was removed; undefined: there was nothing. */
  dir?: string;
  /** Of the server that was ended. */
  pid?: number;
}

/**
 * Ends the server of a site's local store and removes every backup in it, for good; the site forgets its keys, so that
 * its next store is a new one. The caller has the confirmation.
 */
export async function purgeStore(
  project: string,
  site: string,
  { secrets, clock }: { secrets: SecretStore; clock: Clock },
): Promise<Purged> {
  const files = storeFiles(project, site);
  const running = await serverProcess(files);
  await endServer(files, clock);
  const there = await exists(files.dir);
  await rm(files.dir, { recursive: true, force: true });
  await forgetStore(secrets);
  return { ...(there && { dir: files.dir }), ...(running && { pid: running.pid }) };
}
