import type { Shell } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import type { VolumeFile } from '../set.ts';

/** What lies below a directory, and what of it Velero does not keep as it is. */
export interface Listing {
  files: VolumeFile[];
  /** '2 FIFOs', '1 hard link'. */
  notKept: string[];
}

/** Its list, for a volume of this many files, in bytes: a file takes about 300. */
const LARGEST = 512 * 2 ** 20;

/** Fields and records end with NUL: a name may hold anything else. An empty field ends the list; then sums follow. */
const LIST = `cd -- "$1" || exit 66
find . -xdev -mindepth 1 -path ./.velero -prune -o -printf '%y\\0%m\\0%U\\0%G\\0%s\\0%n\\0%P\\0%l\\0' || exit 67
printf '\\0'
find . -xdev -path ./.velero -prune -o -type f -print0 | xargs -0 -r sha256sum -z --
exit 0`;
const FIELDS = 8;

/** Read as root. undefined: there is no such directory. Errors: COMMAND_FAILED; those of the way there. */
export async function listFiles(shell: Shell, path: string, signal?: AbortSignal): Promise<Listing | undefined> {
  const options = { sudo: true, keep: LARGEST, timeout: minutes(20), ...(signal && { signal }) };
  const { code, stdout, stderr } = await shell.exec({ script: LIST, args: [path] }, options);
  if (code === 66) return undefined;
  if (code !== 0 || stdout.dropped > 0)
    throw new OpsError('COMMAND_FAILED', `cannot list ${path} on ${shell.host}: find ended with ${code}`, {
      details: stderr.text.trim().split('\n').slice(-5),
    });
  return parseListing(stdout.bytes);
}

const KINDS: Record<string, VolumeFile['kind']> = { f: 'file', d: 'directory', l: 'link' };
const OTHERS: Record<string, string> = { p: 'FIFO', s: 'socket', b: 'block device', c: 'character device' };

/** A file that vanished between the two looks has no sum, and is left out. */
export function parseListing(bytes: Uint8Array): Listing {
  const fields = split(bytes);
  const end = fields.findIndex((field, index) => index % FIELDS === 0 && field.length === 0);
  const sums = new Map(
    fields.slice(end + 1).map(field => [nameOf(field.subarray(68)), field.toString('latin1', 0, 64)]),
  );
  const files: VolumeFile[] = [];
  const lost = new Map<string, number>();
  const count = (what: string) => lost.set(what, (lost.get(what) ?? 0) + 1);
  for (let at = 0; at < end; at += FIELDS) {
    const [type = '', mode = '', uid, gid, size, links] = fields.slice(at, at + 6).map(String);
    const raw = fields[at + 6] ?? Buffer.alloc(0);
    const path = nameOf(raw);
    if (!isText(raw)) {
      count('not named in UTF-8');
      continue;
    }
    const kind = KINDS[type];
    const other = OTHERS[type];
    if (other) count(other);
    if (!kind) continue;
    const sha256 = sums.get(path);
    if (kind === 'file' && sha256 === undefined) continue;
    if (kind === 'file' && Number(links) > 1) count('hard-linked');
    files.push({
      path,
      kind,
      mode: mode.padStart(4, '0'),
      uid: Number(uid),
      gid: Number(gid),
      ...(kind === 'file' && { size: Number(size), sha256 }),
      ...(kind === 'link' && { to: nameOf(fields[at + 7] ?? Buffer.alloc(0)) }),
    });
  }
  return { files: files.sort(byPath), notKept: [...lost].map(([what, n]) => `${n} ${what}`) };
}

const byPath = (a: VolumeFile, b: VolumeFile) => (a.path < b.path ? -1 : 1);

function split(bytes: Uint8Array): Buffer[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Buffer[] = [];
  for (let from = 0; from < all.length; ) {
    const end = all.indexOf(0, from);
    if (end === -1) break;
    parts.push(all.subarray(from, end));
    from = end + 1;
  }
  return parts;
}

/** A name is bytes. kopia keeps those that are no UTF-8 under another name. */
const isText = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes);

const nameOf = (bytes: Buffer): string =>
  isText(bytes) ? bytes.toString('utf8') : `bytes:${bytes.toString('latin1')}`;

/** Read before and after: what was the same both times is what the backup must hold. */
export function settled(before: readonly VolumeFile[], after: readonly VolumeFile[]) {
  const later = new Map(after.map(file => [file.path, file]));
  const files: VolumeFile[] = [];
  const moving: string[] = [];
  for (const file of before) {
    const now = later.get(file.path);
    if (now === undefined) continue;
    if (JSON.stringify(now) === JSON.stringify(file)) files.push(file);
    else moving.push(file.path);
  }
  return { files, moving };
}
