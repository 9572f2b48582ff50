import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { OpsError } from '../../errors/index.ts';
import { readPrivate } from '../private-file.ts';
import { Secret } from '../secret.ts';
import type { ReferenceDeps } from './deps.ts';

/** Where `file:PATH` is: `directory` is the inventory's. */
export function filePlace(path: string, { directory, env }: Pick<ReferenceDeps, 'directory' | 'env'>): string {
  return path.startsWith('~/') ? join(env.HOME ?? homedir(), path.slice(2)) : resolve(directory, path);
}

/** file:PATH. A line break after a single line is the editor's, not the secret's; a key file keeps its last one. */
export async function fromFile(path: string, deps: ReferenceDeps): Promise<Secret> {
  const absolute = filePlace(path, deps);
  const secret = await readPrivate({ path: absolute, what: `file:${path}` });
  const value = secret?.reveal().replace(/^([^\r\n]*)\r?\n$/, '$1');
  if (value) return new Secret(value);
  throw new OpsError('SECRET_MISSING', `cannot read file:${path}: ${absolute} is ${secret ? 'empty' : 'not there'}`);
}
