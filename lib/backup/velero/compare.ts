import type { Code } from '../../errors/index.ts';
import type { VolumeFacts, VolumeFile } from '../set.ts';

export interface Compared {
  /** undefined: as the manifest says. */
  code?: Code;
  got: string;
  details: string[];
}

/** Pure. `there` undefined: no volume. What came after the backup is not looked at. */
export function compareFiles(
  { files, moving, notKept = [] }: VolumeFacts,
  there: readonly VolumeFile[] | undefined,
): Compared {
  if (!there) return { code: 'VOLUME_EMPTY', got: 'no volume', details: [] };
  if (there.length === 0 && files.length + moving.length > 0)
    return { code: 'VOLUME_EMPTY', got: 'nothing', details: [] };
  const found = new Map(there.map(file => [file.path, file]));
  const details = files.flatMap(file => {
    const now = found.get(file.path);
    return now ? differences(file, now).map(text => `${file.path}: ${text}`) : [`${file.path}: not there`];
  });
  details.push(...moving.filter(path => !found.has(path)).map(path => `${path}: not there`));
  const besides = notKept.length > 0 ? `; Velero does not keep ${notKept.join(', ')}` : '';
  const got = `${sizes(files.flatMap(file => found.get(file.path) ?? []))}${besides}`;
  return details.length === 0
    ? { got, details }
    : { code: 'VOLUME_FILES', got: `${got}, ${details.length} differ`, details };
}

function differences(want: VolumeFile, now: VolumeFile): string[] {
  if (want.kind !== now.kind) return [`a ${now.kind}, expected a ${want.kind}`];
  const { sha256: _, path: __, ...rest } = want;
  const differing = Object.entries(rest).filter(([key, value]) => now[key as keyof VolumeFile] !== value);
  const texts = differing.map(([key, value]) => `${key} ${now[key as keyof VolumeFile]}, expected ${value}`);
  return want.sha256 === now.sha256 || want.size !== now.size ? texts : [...texts, 'other bytes of the same length'];
}

/** '61 files, 3 directories, 33500000 bytes'. */
export function sizes(files: readonly VolumeFile[]): string {
  const count = (kind: VolumeFile['kind']) => files.filter(file => file.kind === kind).length;
  const bytes = files.reduce((sum, { size = 0 }) => sum + size, 0);
  return `${count('file')} files, ${count('directory')} directories, ${count('link')} links, ${bytes} bytes`;
}
