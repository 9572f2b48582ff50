import { z } from 'zod';
import type { ObjectStore, StoredObject } from '../../../engine/index.ts';
import { OpsError } from '../../../errors/index.ts';
import { type PartOf, partOf } from '../../set.ts';
import { NoRoom, type SetCopy } from '../../source.ts';
import type { Kopia } from '../kopia.ts';
import { repositoryPrefix } from '../names.ts';

/** What only kopia itself can break. */
export interface DamageDeps {
  /** The repository of a namespace in the bucket of a copy, writable, for as long as `use` takes. */
  kopia<T>(bucket: string, namespace: string, use: (kopia: Kopia) => Promise<T>): Promise<T>;
  /** An empty folder of this computer, for as long as `use` takes. */
  scratch<T>(use: (folder: string) => Promise<T>): Promise<T>;
}

/** Errors: NoRoom when the set has no volumes. */
export function veleroPart({ set }: SetCopy): PartOf<'velero'> & { namespace: string } {
  const part = partOf(set.manifest, 'velero');
  const namespace = part?.facts.volumes[0]?.namespace;
  if (part && namespace !== undefined) return { ...part, namespace };
  throw new NoRoom('the set has no volumes of Velero');
}

/** The blobs of a kind, the largest first: 'p' has the content of files, 'x' says where content lies. Errors: NoRoom. */
export async function blobsOf(copy: SetCopy, kind: 'p' | 'x'): Promise<StoredObject[]> {
  const prefix = repositoryPrefix(veleroPart(copy).namespace);
  const blobs = (await copy.store.list(prefix)).filter(({ key }) => key.slice(prefix.length).startsWith(kind));
  if (blobs.length > 0) return blobs.sort((a, b) => b.size - a.size);
  throw new NoRoom(`the set has no blob ${prefix}${kind}*`);
}

export async function largestBlob(copy: SetCopy, kind: 'p' | 'x'): Promise<StoredObject> {
  const blobs = await blobsOf(copy, kind);
  return blobs[0] as StoredObject;
}

/** A piece of somebody's files in a pack, in bytes from its beginning. */
interface Piece {
  key: string;
  from: number;
  length: number;
}

/** As `kopia content list --json` has it. */
const listed = z.array(z.object({ packFile: z.string(), packOffset: z.int().default(0), length: z.int() }));

/** The largest one: on the rest of a pack, as padding and a copy of its index, nothing that is read depends. Errors: NoRoom. */
export async function largestPiece(copy: SetCopy, { kopia }: DamageDeps): Promise<Piece> {
  const { namespace } = veleroPart(copy);
  const said = await kopia(copy.store.bucket, namespace, open => open.run(['content', 'list', '--json']));
  const [largest] = listed
    .parse(JSON.parse(said))
    .filter(({ packFile }) => packFile.startsWith('p'))
    .sort((a, b) => b.length - a.length);
  if (!largest) throw new NoRoom('no file in the volumes of the set has a byte');
  return { key: `${repositoryPrefix(namespace)}${largest.packFile}`, from: largest.packOffset, length: largest.length };
}

/** Errors: SET_ARTEFACT_MISSING. */
export async function bytesOf(store: ObjectStore, key: string): Promise<Buffer> {
  const bytes = await store.get(key);
  if (bytes) return Buffer.from(bytes);
  throw new OpsError('SET_ARTEFACT_MISSING', `cannot break ${key}: it is not there`);
}
