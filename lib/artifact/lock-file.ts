import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { OpsError } from '../errors/index.ts';
import { readYaml } from '../inventory/document.ts';
import { nearest } from '../inventory/index.ts';
import { formatPath, oneOf, type Path, type Problem, printable, show } from '../inventory/problem.ts';
import { type LockedVersion, type LockFile, lockSchema } from './lock-schema.ts';

export const lockPath = (project: string): string => join(project, 'artifacts', 'lock.yaml');

/** By its text, on which alone it depends: a plan reads the lock a dozen times, and understands it in 15 ms. */
const UNDERSTOOD = new Map<string, LockFile>();

/** Errors: LOCK_INVALID with every problem as `line:column: path: got X, expected Y`. */
export async function readLock(project: string): Promise<LockFile> {
  const path = lockPath(project);
  const text = await readFile(path, 'utf8').catch(cause => {
    throw new OpsError('LOCK_INVALID', `cannot read ${path}: ${cause.message}`, { cause });
  });
  const lock = UNDERSTOOD.get(text) ?? parseLock(text, path);
  UNDERSTOOD.set(text, lock);
  return lock;
}

export function parseLock(text: string, path: string): LockFile {
  const source = readYaml(text);
  if (source.flaws.length > 0)
    throw invalid(
      path,
      source.flaws.map(({ at, text: flaw }) => `${at.line}:${at.col}: ${flaw}`),
    );
  const parsed = lockSchema.safeParse(source.data);
  const problems = parsed.success
    ? crossCheck(parsed.data)
    : parsed.error.issues.flatMap(issue => problemsOf(issue, source.data));
  if (parsed.success && problems.length === 0) return parsed.data;
  throw invalid(
    path,
    problems.map(problem => {
      const { line, col } = source.position(problem);
      return printable(`${line}:${col}: ${formatPath(problem.path)}: got ${problem.got}, expected ${problem.expected}`);
    }),
  );
}

const invalid = (path: string, problems: readonly string[]) => {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new OpsError('LOCK_INVALID', `cannot use ${path}: ${count}`, { details: problems });
};

function problemsOf(issue: z.core.$ZodIssue, data: unknown): Problem[] {
  const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({
      path: [...path, key],
      got: 'an unknown key',
      expected: 'none',
      at: 'key' as const,
    }));
  return [{ path, got: show(valueAt(data, path)), expected: expected(issue) }];
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? `a ${issue.expected}`;
  if (issue.code === 'invalid_value') return oneOf(issue.values);
  if (issue.code === 'too_small') return 'at least one entry';
  return issue.message;
}

const TYPES: Record<string, string> = { string: 'text', array: 'a list', record: 'a mapping', object: 'a mapping' };

const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>((node, part) => (node as Record<string | number, unknown> | null | undefined)?.[part], data);

/** What one entry says of another. */
function crossCheck(lock: LockFile): Problem[] {
  const problems: Problem[] = [];
  for (const [name, image] of Object.entries(lock.images)) {
    for (const [binary, version] of Object.entries(image.binaries ?? {})) {
      const path = ['images', name, 'binaries', binary];
      if (!lock.artifacts[binary]?.[version])
        problems.push({ path, got: version, expected: `a version of artifacts.${binary}: ${versions(lock, binary)}` });
    }
    const others = Object.keys(lock.images).filter(other => other !== name && !lock.images[other]?.from);
    if (image.from !== undefined && !others.includes(image.from))
      problems.push({
        path: ['images', name, 'from'],
        got: image.from,
        expected: `an image that starts from none: ${others.join(', ')}`,
      });
  }
  return problems;
}

const versions = (lock: LockFile, name: string) => Object.keys(lock.artifacts[name] ?? {}).join(', ') || '(none)';

/** Errors: LOCK_NO_VERSION, naming what the lock has. */
export function lockedVersion(lock: LockFile, { name, version }: { name: string; version: string }): LockedVersion {
  const known = Object.keys(lock.artifacts[name] ?? {});
  const found = lock.artifacts[name]?.[version];
  if (found && known.includes(version)) return found;
  const has =
    known.length > 0 ? `it has ${name} ${known.join(', ')}` : `it has ${Object.keys(lock.artifacts).join(', ')}`;
  const meant = nearest(version, known);
  throw new OpsError('LOCK_NO_VERSION', `cannot install ${name} ${version}: the lock does not have it; ${has}`, {
    ...(meant && { hint: `write ${meant}, or add ${version} to artifacts/lock.yaml` }),
  });
}

/** Of what has no version in the inventory. Errors: LOCK_NO_VERSION unless the lock has exactly one. */
export function onlyVersion(lock: LockFile, name: string): string {
  const [version, ...others] = Object.keys(lock.artifacts[name] ?? {});
  if (version !== undefined && others.length === 0) return version;
  throw new OpsError(
    'LOCK_NO_VERSION',
    `cannot install ${name}: got ${versions(lock, name)} in the lock, expected one version`,
  );
}

/** What an inventory may ask for. */
export const k3sVersions = (lock: LockFile): string[] => Object.keys(lock.artifacts.k3s ?? {});
