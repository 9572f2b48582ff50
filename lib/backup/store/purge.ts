import { rm } from 'node:fs/promises';
import { type StoreFiles, storeFiles } from '../../store/index.ts';
import type { Clock } from '../../time/index.ts';
import { exists } from './make.ts';
import { endServer, serverProcess } from './process.ts';

export interface Purged {
  /** What was removed; undefined: there was nothing. */
  dir?: string;
  /** Of the server that was ended. */
  pid?: number;
}

/** Ends the server of a site's local store and removes every backup in it, for good. The caller has the confirmation. */
export async function purgeStore(project: string, site: string, clock: Clock): Promise<Purged> {
  const files: StoreFiles = storeFiles(project, site);
  const running = await serverProcess(files);
  await endServer(files, clock);
  const there = await exists(files.dir);
  await rm(files.dir, { recursive: true, force: true });
  return { ...(there && { dir: files.dir }), ...(running && { pid: running.pid }) };
}
