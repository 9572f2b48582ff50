import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Shell } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';

export interface Go {
  /** Path of the program. */
  program: string;
  /** '1.26.8'. */
  version: string;
}

/** Prints the program and its version, as seen inside the module: a newer Go switches to the one go.mod wants. */
const FIND = `program=$(command -v go) || exit 127
echo "$program"
exec "$program" version`;

/** The Go that builds the module in `dir`. Errors: GO_MISSING; GO_TOO_OLD against the go line of its go.mod. */
export async function findGo(shell: Shell, dir: string, signal: AbortSignal): Promise<Go> {
  const wanted = await wantedVersion(dir);
  const hint = `install Go ${wanted} or newer (https://go.dev/dl) and put it on PATH, or name a source 'bundle' in the inventory`;
  const { code, stdout, stderr } = await shell.exec({ script: FIND }, { cwd: dir, signal });
  if (code === 127)
    throw new OpsError('GO_MISSING', `cannot build from modules: got no go on PATH, expected ${wanted} or newer`, {
      hint,
    });
  const [program = '', said = ''] = stdout.text.split('\n');
  const version = /\bgo(\d+(?:\.\d+)*)/.exec(said)?.[1];
  if (code !== 0 || !version) {
    const details = stderr.text.trim().split('\n');
    throw new OpsError('GO_TOO_OLD', `cannot build from modules: ${program} does not run as Go ${wanted}`, {
      hint,
      details,
    });
  }
  if (compareVersions(version, wanted) < 0)
    throw new OpsError(
      'GO_TOO_OLD',
      `cannot build from modules: ${program} is ${version}, expected ${wanted} or newer`,
      { hint },
    );
  return { program, version };
}

async function wantedVersion(dir: string): Promise<string> {
  const path = join(dir, 'go.mod');
  const text = await readFile(path, 'utf8').catch(cause => {
    throw new OpsError('ARTIFACT_BUILD', `cannot build from modules: ${path}: ${cause.message}`, { cause });
  });
  return /^go (\d+(?:\.\d+)*)\s*$/m.exec(text)?.[1] ?? '1.26';
}

/** Numbers by place; a missing place is 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let place = 0; place < Math.max(left.length, right.length); place++) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
