import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** Where the packages of requirements.txt lie: installed once for each text of it, into the cache. Throws when they cannot be had. */
export async function pythonPackages(): Promise<string> {
  const id = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'muster', 'tests');
  const target = join(cache, `moto-${id}`);
  if (existsSync(target)) return target;
  await mkdir(cache, { recursive: true });
  const draft = mkdtempSync(`${target}.`);
  const pinned = ['--require-hashes', '--no-deps', '--only-binary=:all:', '--no-compile'];
  const args = ['-m', 'pip', 'install', '-q', ...pinned, '--target', draft, '-r', REQUIREMENTS];
  try {
    await run('python3', args, { env: { ...process.env, PIP_ROOT_USER_ACTION: 'ignore' } });
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another test file was faster.
    if (!existsSync(target))
      throw new Error(`cannot install ${REQUIREMENTS}: ${`${error}`.split('\n').slice(0, 3).join(' ')}`);
  }
  return target;
}
