import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { OpsError, oneLine } from '../errors/index.ts';
import { Secret } from './secret.ts';

const LARGEST = 1024 * 1024;

export interface PrivateFile {
  path: string;
  /** Completes "cannot read ..."; never a value. */
  what: string;
  /** A symbolic link is refused: in a directory of ours nobody puts one. */
  noLink?: boolean;
}

/** Reads a file that only its owner may read. undefined: there is none. Errors: SECRET_EXPOSED, SECRET_UNREADABLE. */
export async function readPrivate({ path, what, noLink = false }: PrivateFile): Promise<Secret | undefined> {
  try {
    // Without O_NONBLOCK, opening a pipe would wait for its other end for ever.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (noLink ? constants.O_NOFOLLOW : 0);
    await using file = await open(path, flags);
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error(`${path} is not a file`);
    if (stat.size > LARGEST) throw new Error(`${path} has ${stat.size} bytes, more than any secret`);
    refuseExposed(path, stat);
    return new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.readFile()));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (error instanceof OpsError) throw error;
    throw new OpsError('SECRET_UNREADABLE', `cannot read ${what}: ${oneLine(error)}`, { cause: error });
  }
}

/** Whoever may write to it can exchange it, whoever may read it knows it. Errors: SECRET_EXPOSED. */
export function refuseExposed(path: string, { mode, uid }: Pick<Stats, 'mode' | 'uid'>): void {
  const us = process.geteuid?.() ?? uid;
  if (uid !== us && us !== 0)
    throw new OpsError('SECRET_EXPOSED', `cannot trust ${path}: it belongs to user ${uid}, and this is user ${us}`);
  if ((mode & 0o077) === 0) return;
  const rights = (mode & 0o7777).toString(8).padStart(4, '0');
  throw new OpsError('SECRET_EXPOSED', `cannot trust ${path}: it has mode ${rights}, and others may have none of it`, {
    hint: `chmod go= ${path}, then replace what others may have read`,
  });
}

export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
