import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** File names of the inventories in git: the user's own lie beside them. */
export const shipped = (): string[] =>
  execFileSync('git', ['-C', ROOT, 'ls-files', '-z', 'inventories/*.yaml'], { encoding: 'utf8' })
    .split('\0')
    .filter(Boolean)
    .map(path => basename(path))
    .sort();
