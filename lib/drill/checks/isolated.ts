import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CheckResult } from '../../backup/index.ts';
import { oneLine } from '../../errors/index.ts';
import type { OpenSite } from '../../site/index.ts';
import type { Isolation } from '../isolation/isolate.ts';
import { emptied, SYSTEM } from '../isolation/roots.ts';

/** What a process sees of this computer. */
export interface Seen {
  /** /proc/self/mountinfo. */
  mounts: string;
  /** Names in .muster of the checkout. */
  sites: readonly string[];
  /** Of the new site's state, before anything was done. */
  state: readonly string[];
  /** git status --porcelain and HEAD. */
  changes: string;
  head: string;
}

/** L0 of a rehearsal: what it can lean on is what survives a loss. Looked at from inside. */
export async function isolatedResult(isolation: Isolation, target: OpenSite): Promise<CheckResult> {
  const about = {
    id: 'site.isolated',
    title: 'Nothing is at hand but what survives the loss',
    source: 'site',
    level: 'L0',
    required: false,
    expected: 'a clean clone, an empty home, and the listed places only',
  } as const;
  const unrun = (got: string): CheckResult => ({ ...about, state: 'unrun', code: 'CHECK_UNRUN', got });
  if (isolation.is === 'unable') return unrun(`${isolation.why}: it ran in this checkout, where more is at hand`);
  try {
    const flaws = isolationFlaws(await look(target), isolation, target.dirs);
    if (flaws.length > 0) return { ...unrun(flaws[0] ?? ''), details: flaws };
    const { commit, roots } = isolation;
    const details = roots.map(({ what, path, access }) => `${what}: ${path} (${access})`);
    return { ...about, state: 'passed', got: `a clone of ${commit.slice(0, 12)}, ${roots.length} places`, details };
  } catch (error) {
    return unrun(oneLine(error));
  }
}

async function look({ dirs, ports }: OpenSite): Promise<Seen> {
  const shell = await ports.shell('localhost');
  const git = (...args: string[]) => shell.run(['git', '-C', dirs.project, ...args]);
  const names = (path: string) => readdir(path).catch(() => [] as string[]);
  const [mounts, sites, state, changes, head] = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8'),
    names(join(dirs.project, '.muster')),
    names(dirs.state),
    git('status', '--porcelain'),
    git('rev-parse', 'HEAD'),
  ]);
  return { mounts, sites, state, changes, head: head.trim() };
}

/** Pure. Why it is not kept to the list; none: it is. */
export function isolationFlaws(
  seen: Seen,
  { commit, roots }: Extract<Isolation, { is: 'able' }>,
  { project, state }: { project: string; state: string },
): string[] {
  const listed = new Set(['/', ...emptied(project), ...roots.map(({ path }) => path)]);
  const known = (path: string) => listed.has(path) || SYSTEM.some(top => path === top || path.startsWith(`${top}/`));
  const points = seen.mounts.split('\n').flatMap(line => line.split(' ')[4] ?? []);
  return [
    ...points.filter(path => !known(unescaped(path))).map(path => `${path} is mounted, and not listed`),
    // A file system of the computer's own in the place of the root would have everything.
    ...(/^\S+ \S+ \S+ \S+ \/ .* - tmpfs /m.test(seen.mounts) ? [] : ['the root is not one of its own']),
    ...seen.sites.filter(name => name !== basename(state)).map(name => `.muster/${name} is there`),
    ...(seen.state.length === 0 ? [] : [`the state is not empty: ${seen.state.join(', ')}`]),
    ...(seen.changes === '' ? [] : [`the clone is not clean: ${seen.changes.trim()}`]),
    ...(seen.head === commit ? [] : [`the clone is ${seen.head}`]),
  ];
}

/** Spaces and the like stand in octal there. */
const unescaped = (path: string) =>
  path.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
