import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type { ObjectStore } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { Secret } from '../../secret/index.ts';
import type { PostgresFacts } from '../set.ts';
import { openFile, openInfoFile } from './info-file.ts';
import { infoCopies, setOf } from './point.ts';
import { startOf } from './wal.ts';

/** pgBackRest seals what is archived with a key of the stanza's own, which stands in its archive.info. */
export function archiveKey(archiveInfo: string): Secret | undefined {
  const [, pass] = /^cipher-pass="([^"]+)"$/m.exec(archiveInfo) ?? [];
  return pass === undefined ? undefined : new Secret(pass);
}

/** By the set's own copy of archive.info. Errors: KEY_MISSING. */
export async function archiveKeyOf(
  facts: Pick<PostgresFacts, 'dump' | 'pgbackrest'>,
  store: ObjectStore,
  cipher: Secret | undefined,
): Promise<Secret> {
  const copy = infoCopies(setOf(facts), facts.pgbackrest.stanza).map(([key]) => key)[1] ?? '';
  const sealed = await store.get(copy);
  const info = cipher && sealed && openInfoFile(sealed, cipher);
  const key = info && archiveKey(info);
  if (key) return key;
  throw new OpsError('KEY_MISSING', `cannot open the archive: no key that opens ${copy} is at hand`);
}

/** The name of a segment in the archive ends in the SHA-1 of its plain bytes. */
const NAMED = /\/([0-9A-F]{24})-([0-9a-f]{40})\.zst$/;

/** What is wrong with a segment; undefined: it is what its name says, of that cluster. */
export async function walFlaw(
  key: string,
  sealed: Uint8Array | undefined,
  { pass, system }: { pass: Secret; system: string },
): Promise<string | undefined> {
  const [, segment = key, sha1] = NAMED.exec(key) ?? [];
  if (sha1 === undefined) return undefined;
  if (!sealed) return `segment ${segment} is gone`;
  const packed = openFile(sealed, pass);
  const plain = packed && (await promisify(zstdDecompress)(packed).catch(() => undefined));
  if (!plain) return `segment ${segment} cannot be opened`;
  if (createHash('sha1').update(plain).digest('hex') !== sha1) return `segment ${segment} is another one`;
  return placeFlaw(segment, plain, BigInt(system));
}

/**
 * A whole segment under the name of a later one, its digest with it, passes for that one: replay ends at it, and pgBackRest
 * archives the real one never. Where it stands and of which cluster it is, PostgreSQL wrote into the head of its first page
 * (XLogLongPageHeaderData); its timeline may be an earlier one's.
 */
function placeFlaw(segment: string, plain: Uint8Array, system: bigint): string | undefined {
  const head = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  if (head.length < 32) return `segment ${segment} has no head`;
  if (head.readBigUInt64LE(8) !== startOf(segment)) return `segment ${segment} is a copy of another one`;
  return head.readBigUInt64LE(24) === system ? undefined : `segment ${segment} is of another cluster`;
}
