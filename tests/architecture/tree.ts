import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const git = (args: readonly string[]): string[] =>
  execFileSync('git', ['-C', ROOT, ...args, '-z'], { encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\0')
    .filter(Boolean);

/** Files of the project: tracked, or new and not ignored; deleted ones are gone. */
export function projectFiles(): string[] {
  const gone = new Set(git(['ls-files', '--deleted']));
  return [...new Set(git(['ls-files', '--cached', '--others', '--exclude-standard']))]
    .filter(path => !gone.has(path))
    .sort();
}

/** Folders right below a path that hold a file of the project. */
export function folders(path: string): string[] {
  const names = projectFiles().flatMap(file => new RegExp(`^${path}/([^/]+)/`).exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** Whether git would ignore it: made at run time, so that it need not exist. */
export function isIgnored(path: string): boolean {
  try {
    execFileSync('git', ['-C', ROOT, 'check-ignore', '-q', path]);
    return true;
  } catch {
    return false;
  }
}

export interface Import {
  from: string;
  /** Path in the project, or the package's specifier. */
  to: string;
  line: number;
}

const IMPORT = /\b(?:from\s+|import\s+|import\s*\(\s*)'([^']+)'/g;

/** Every import of a file, static, dynamic and of types. */
export function importsOf(path: string): Import[] {
  return read(path)
    .split('\n')
    .flatMap((text, n) =>
      /^\s*(\/\/|\*|\/\*)/.test(text)
        ? []
        : [...text.matchAll(IMPORT)].map(([, to = '']) => ({ from: path, to: target(path, to), line: n + 1 })),
    );
}

const target = (from: string, to: string) => (to.startsWith('.') ? normalize(join(dirname(from), to)) : to);

export const codeFiles = (...roots: string[]): string[] =>
  projectFiles().filter(path => path.endsWith('.ts') && roots.some(root => path.startsWith(`${root}/`)));
