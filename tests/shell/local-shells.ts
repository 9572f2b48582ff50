import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { isOpsError, type OpsError } from '../../lib/errors/index.ts';
import { Masker } from '../../lib/secret/index.ts';
import { createShells, type Shells, type ShellsOptions } from '../../lib/shell/index.ts';
import { systemClock } from '../../lib/time/index.ts';

/** A directory that is gone when the test file has ended. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'shell-test-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A tiny real program, by name. */
export const program = (name: string): string => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));

export const makeShells = (options: Partial<ShellsOptions> = {}): Shells =>
  createShells({
    connect: async host => assert.unreachable(`nobody connects to ${host}`) as never,
    clock: systemClock,
    signal: new AbortController().signal,
    masker: new Masker(),
    ...options,
  });

/** Shells for the length of one act; whatever it leaves is ended. */
export async function withShells<T>(options: Partial<ShellsOptions>, act: (shells: Shells) => Promise<T>): Promise<T> {
  const shells = makeShells(options);
  try {
    return await act(shells);
  } finally {
    await shells.close();
  }
}

/** The OpsError that an act must end with. */
export async function refusal(act: Promise<unknown>): Promise<OpsError> {
  const error = await act.then(
    value => assert.unreachable(`it succeeded with ${JSON.stringify(value)}`),
    error => error,
  );
  if (!isOpsError(error)) throw error;
  return error;
}
