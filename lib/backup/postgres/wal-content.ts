import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { Secret } from '../../secret/index.ts';
import { openFile } from './info-file.ts';

/** pgBackRest seals what is archived with a key of the stanza's own, which stands in its archive.info. */
export function archiveKey(archiveInfo: string): Secret | undefined {
  const [, pass] = /^cipher-pass="([^"]+)"$/m.exec(archiveInfo) ?? [];
  return pass === undefined ? undefined : new Secret(pass);
}

/** The name of a segment in the archive ends in the SHA-1 of its plain bytes. */
const NAMED = /\/([0-9A-F]{24})-([0-9a-f]{40})\.zst$/;

/** What is wrong with a segment; undefined: it is what its name says. */
export async function walFlaw(key: string, sealed: Uint8Array | undefined, pass: Secret): Promise<string | undefined> {
  const [, segment = key, sha1] = NAMED.exec(key) ?? [];
  if (sha1 === undefined) return undefined;
  if (!sealed) return `segment ${segment} is gone`;
  const packed = openFile(sealed, pass);
  const plain = packed && (await promisify(zstdDecompress)(packed).catch(() => undefined));
  if (!plain) return `segment ${segment} cannot be opened`;
  return createHash('sha1').update(plain).digest('hex') === sha1 ? undefined : `segment ${segment} is another one`;
}
