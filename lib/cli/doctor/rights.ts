import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Shell } from '../../engine/index.ts';
import { type Check, failed, ok } from './check.ts';

/** Debian trees and images are made as root; files that we keep must be writable. */
export const rightsCheck = (directories: readonly string[], root: boolean, shell: Pick<Shell, 'exec'>): Check => ({
  name: 'rights',
  why: root
    ? `root makes Debian trees and images; ${directories.length} directories are written`
    : `${directories.length} directories are written`,
  look: async signal => {
    for (const directory of directories) {
      const blocked = await unwritable(directory);
      if (blocked) return failed(`cannot write ${blocked}`, `chown or chmod it for ${process.env.USER ?? 'this user'}`);
    }
    if (!root || process.getuid?.() === 0) return ok(process.getuid?.() === 0 ? 'root' : 'a user; root is not needed');
    const { code } = await shell.exec(['sudo', '-n', 'true'], { signal });
    if (code === 0) return ok('a user with sudo');
    return failed('sudo asks for a password', 'run as root, or allow this user NOPASSWD in /etc/sudoers.d');
  },
});

/** The directory, or the nearest above it that exists, when it cannot be written. */
async function unwritable(directory: string): Promise<string | undefined> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return missing && dirname(directory) !== directory ? unwritable(dirname(directory)) : directory;
  }
}
