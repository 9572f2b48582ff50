import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { canonical } from '../backup/canonical.ts';
import { escrowOf, publicKeyPath, readPublicKey, signatureFlaw } from '../backup/index.ts';
import { parseJson, sha256Of } from '../backup/sign.ts';
import { oneLine } from '../errors/index.ts';
import type { OpenSite } from '../site/index.ts';
import { EVIDENCE, hashes } from './evidence.ts';
import { type Past, readDrills } from './proofs.ts';
import { drillId, report } from './report.ts';

/** Of a drill what another computer needs to know that it was proven: the report, and what signs it. */
const shared = z.strictObject({
  schema: z.literal(1),
  report: z.string(),
  hashes: z.string(),
  signature: z.string(),
});

const ALL = '.muster/drills/';
const keyOf = (drill: string) => `${ALL}${drill}.json`;
/** Older ones prove nothing any more. */
const MOST = 50;

type On = Pick<OpenSite, 'site' | 'dirs' | 'ports' | 'emit' | 'signal'>;

/** Into the site's store, where other computers see it. A drill is one without it too: what goes wrong is said. */
export async function shareEvidence({ site, ports, emit, signal }: On, folder: string): Promise<void> {
  if (!escrowOf(site).shared) return;
  try {
    const [report, hashes, signature] = await Promise.all(
      [EVIDENCE.report, EVIDENCE.hashes, EVIDENCE.signature].map(name => readFile(join(folder, name), 'utf8')),
    );
    const store = await ports.store(site.name);
    await store.put(keyOf(basename(folder)), canonical({ schema: 1, report, hashes, signature }));
  } catch (error) {
    signal.throwIfAborted();
    emit({ type: 'notice', text: `other computers are not told of this drill: ${oneLine(error)}` });
  }
}

/** Drills of this computer, and those that others told the store of: signed by the site's own key, or worth nothing. Newest first. */
export async function drillsOf({ site, dirs, ports, emit, signal }: On): Promise<Past[]> {
  const own = await readDrills(dirs.state);
  if (!escrowOf(site).shared) return own;
  try {
    const store = await ports.store(site.name);
    const known = new Set(own.map(({ report }) => report.id));
    const listed = (await store.list(ALL)).map(({ key }) => key.slice(ALL.length).replace(/\.json$/, ''));
    const theirs = listed.filter(id => drillId.safeParse(id).success && !known.has(id)).slice(-MOST);
    if (theirs.length === 0) return own;
    const publicKey = await readPublicKey(publicKeyPath(site, dirs.project));
    const read = await Promise.all(
      theirs.map(async id => pastOf(id, site.name, (await store.get(keyOf(id))) ?? new Uint8Array(), publicKey)),
    );
    const all = [...own, ...read.flatMap(past => past ?? [])];
    return all.sort((a, b) => (a.report.id < b.report.id ? 1 : -1));
  } catch (error) {
    signal.throwIfAborted();
    emit({ type: 'notice', text: `not known here: drills of other computers: ${oneLine(error)}` });
    return own;
  }
}

/** undefined: it is no report of this site. Pure. */
export function pastOf(
  id: string,
  site: string,
  bytes: Uint8Array,
  publicKey: Parameters<typeof signatureFlaw>[2],
): Past | undefined {
  const { data } = shared.safeParse(parseJson(bytes));
  const text = data && Buffer.from(data.report);
  const read = text && report.safeParse(parseJson(text)).data;
  if (!data || !read || read.site !== site || read.id !== id) return undefined;
  const flaw = signatureFlaw(Buffer.from(data.hashes), Buffer.from(data.signature), publicKey);
  const listed = hashes.safeParse(parseJson(Buffer.from(data.hashes))).data;
  if (flaw !== undefined) return { report: read, flaw: `the signature of its evidence ${flaw}` };
  if (listed?.drill === id && listed.files[EVIDENCE.report]?.sha256 === sha256Of(text)) return { report: read };
  return { report: read, flaw: 'its report is not the one that was signed' };
}
