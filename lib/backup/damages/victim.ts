import { KEYS, type SourceName } from '../set.ts';
import { NoRoom, type SetCopy } from '../source.ts';

/** The object of a source that is broken: the largest one, so that every way to break it leaves a difference. */
export function victim({ set }: SetCopy, source: SourceName): string {
  const part = set.manifest.sources.find(one => one.source === source);
  const [first] = [...(part?.artefacts ?? [])].sort((a, b) => b.size - a.size || (a.key < b.key ? -1 : 1));
  if (!first) throw new NoRoom(`the set has no artefact of ${source} to break`);
  return first.key;
}

/** Its bytes, changed, put in its place. */
export async function rewrite(
  { store }: SetCopy,
  key: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  await store.put(key, change(await bytesAt({ store }, key)));
}

export async function bytesAt({ store }: Pick<SetCopy, 'store'>, key: string): Promise<Uint8Array> {
  const bytes = await store.get(key);
  if (!bytes) throw new Error(`${key} is not there to be broken`);
  return bytes;
}

export const manifestKey = ({ set }: SetCopy): string => KEYS.manifest(set.manifest.id);
