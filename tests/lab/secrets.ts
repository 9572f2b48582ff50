import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Certificates and the place of the store are kept with the secrets, and are none. */
const isPublic = (line: string) => /^-----|"port"|^MII[A-Za-z0-9+/]{60}/.test(line);

/** What must be shown nowhere, of a site by its folder of state. */
export async function secretLines(state: string): Promise<string[]> {
  const values = await Promise.all((await filesBelow(join(state, 'secrets'))).map(path => readFile(path, 'utf8')));
  return values.flatMap(value => value.split('\n')).filter(line => line.length >= 16 && !isPublic(line));
}

export async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
