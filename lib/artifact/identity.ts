import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { OpsError } from '../errors/index.ts';

/** As Go, Debian and k3s spell it. */
export type Arch = 'amd64' | 'arm64';

/** This computer's, and so a lab machine's. Errors: ARTIFACT_NO_SOURCE on any other. */
export function thisArch(arch: string = process.arch): Arch {
  if (arch === 'x64') return 'amd64';
  if (arch === 'arm64') return 'arm64';
  throw new OpsError('ARTIFACT_NO_SOURCE', `cannot install on ${arch}: got ${arch}, expected x64 or arm64`);
}

export interface Want {
  name: string;
  version: string;
  arch: Arch;
}

/** All that decides the bytes of a thing: name -> value. */
export type Inputs = Readonly<Record<string, string>>;

export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Independent of the order in which inputs were collected. */
export function keyOf(want: Want, inputs: Inputs): string {
  const { name, version, arch } = want;
  const sorted = Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify([name, version, arch, sorted]));
}

/** Lower-case hex. */
export async function hashFile(path: string, algorithm: 'sha256' | 'sha512' = 'sha256'): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** 'sha256:<hex>' or 'sha512:<hex>' of a file, by the algorithm of the digest that is expected. */
export async function digestLike(expected: string, path: string): Promise<string> {
  const algorithm = expected.startsWith('sha512:') ? 'sha512' : 'sha256';
  return `${algorithm}:${await hashFile(path, algorithm)}`;
}

/** One hash over name, exec bit and content of the files below `paths`, as far as `keep` wants them; missing is an error. */
export async function hashTree(
  root: string,
  paths: readonly string[],
  keep: (path: string) => boolean = () => true,
): Promise<string> {
  const files = (await Promise.all(paths.map(path => list(join(root, path))))).flat();
  const names = [...new Set(files.map(file => relative(root, file)))].filter(keep).sort();
  const lines = await Promise.all(
    names.map(async name => {
      const path = join(root, name);
      const executable = ((await stat(path)).mode & 0o100) !== 0;
      return `${sha256(await readFile(path))} ${executable ? 'x' : '-'} ${name}\n`;
    }),
  );
  return sha256(lines.join(''));
}

async function list(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
}
