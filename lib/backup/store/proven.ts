import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../artifact/durable.ts';
import type { Ctx } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { bucketName, hasRoles, proveDenials, storeAccess, storeFiles, storeSecrets } from '../../store/index.ts';
import { sha256Of } from '../sign.ts';

type Around = Pick<Ctx, 'run' | 'secrets' | 'clock' | 'signal'>;

/** What a trial was of. Each computer tries by itself: a note in the bucket could be written with the keys that are tried. */
interface Note {
  bucket: string;
  /** SHA-256 of the ids of the keys that were tried: other keys were not. */
  keys: string;
  /** UTC, ISO 8601. */
  at: string;
}

const noteOf = (site: Site, { run }: Pick<Ctx, 'run'>) => {
  const { store } = site.backup ?? {};
  const place = store?.kind === 's3' ? `${store.endpoint} ${store.bucket}` : 'local';
  return join(run.dirs.state, `denials-${sha256Of(place).slice(0, 12)}.json`);
};

/** A site's copy of its keys may be gone: a local store has its own. */
async function accessesOf(site: Site, { run, secrets }: Pick<Ctx, 'run' | 'secrets'>) {
  const own = site.backup?.store.kind === 'local' ? storeSecrets(storeFiles(run.dirs.project, site.name)) : secrets;
  const access = (role: 'site' | 'reader' | 'admin') => storeAccess(site, role, { dirs: run.dirs, secrets: own });
  const [asSite, reader, admin] = await Promise.all([access('site'), access('reader'), access('admin')]);
  const ids = [asSite, reader].map(({ accessKey }) => accessKey.reveal());
  return { roles: { site: asSite, reader, admin }, keys: sha256Of(JSON.stringify(ids)) };
}

/** That these keys were tried, and denied; a site without roles has nothing to try. Reads this computer only. */
export async function isProven(site: Site, ctx: Around): Promise<boolean> {
  if (!hasRoles(site)) return true;
  const text = await readFile(noteOf(site, ctx), 'utf8').catch(error => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  const { keys }: Partial<Note> = JSON.parse(text);
  return keys === (await accessesOf(site, ctx)).keys;
}

/** Errors: STORE_UNSAFE naming what was allowed; STORE_REFUSED, STORE_UNREACHABLE. */
export async function proveSite(site: Site, ctx: Around): Promise<void> {
  if (!hasRoles(site)) return;
  const path = noteOf(site, ctx);
  // Until it ends well nothing is known, whatever was before.
  await rm(path, { force: true });
  const { roles, keys } = await accessesOf(site, ctx);
  await proveDenials(roles, { clock: ctx.clock, signal: ctx.signal, random: Math.random });
  const note: Note = { bucket: bucketName(site), keys, at: new Date(ctx.clock.now()).toISOString() };
  await writeDurably(path, `${JSON.stringify(note, null, 2)}\n`, `${path}.${randomUUID()}`);
}
