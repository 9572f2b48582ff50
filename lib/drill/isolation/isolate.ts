import { readFile, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Shell } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { OpenSite } from '../../site/index.ts';
import { seconds } from '../../time/index.ts';
import { type Root, rootsOf } from './roots.ts';

/** Whether a rehearsal can be kept to what survives a loss, and what that is. */
export type Isolation =
  | { is: 'able'; commit: string; roots: readonly Root[]; uncommitted: readonly string[] }
  | { is: 'unable'; why: string };

/** To what a namespace is made with: an ordinary user is root in one of his own, and nowhere else. */
export const unshare = (root = process.getuid?.() === 0): string[] => [
  'unshare',
  ...(root ? [] : ['--user', '--map-root-user']),
  ...['--mount', '--propagation', 'private'],
];

/**
 * Looks only. What stands in the way on this computer makes it `unable`, and the report says so; what stands in the way
 * in the commit is refused: it would be missing after a loss too. Errors: DRILL_TARGET.
 */
export async function planIsolation(open: OpenSite, target: Pick<OpenSite, 'dirs'>): Promise<Isolation> {
  const { site, dirs, ports, provider } = open;
  const shell = await ports.shell('localhost');
  const git = (...args: string[]) => shell.exec(['git', '-C', dirs.project, ...args], { timeout: seconds(30) });
  const asked = await git('rev-parse', '--show-toplevel', 'HEAD');
  const [top = '', commit = ''] = asked.stdout.text.trim().split('\n');
  if (asked.code !== 0) return { is: 'unable', why: 'this checkout has no commit that could be cloned' };
  if (top !== (await realpath(dirs.project))) return { is: 'unable', why: `its git repository is ${top}` };
  if (provider.kind === 'container' && process.getuid?.() !== 0)
    return { is: 'unable', why: 'containers need root, which an ordinary user has in no namespace' };
  const denied = await refused(shell);
  if (denied !== undefined) return { is: 'unable', why: `no mount namespace can be made here: ${denied}` };
  await refuseUncommitted(site.name, relative(dirs.project, site.path), dirs.project, git);
  const changes = (await git('status', '--porcelain')).stdout.text.split('\n').filter(line => line !== '');
  return {
    is: 'able',
    commit,
    roots: await rootsOf(open, target.dirs.state),
    uncommitted: changes.map(c => c.slice(3)),
  };
}

/** The tool's words; undefined: it works. */
async function refused(shell: Shell): Promise<string | undefined> {
  const { code, stderr } = await shell.exec([...unshare(), 'true'], { timeout: seconds(10) });
  return code === 0 ? undefined : (stderr.text.trim().split('\n').at(-1) ?? `exit status ${code}`);
}

type Git = (...args: string[]) => ReturnType<Shell['exec']>;

/** A site whose inventory is not in git does not come back out of git. */
async function refuseUncommitted(site: string, inventory: string, project: string, git: Git): Promise<void> {
  const refuse = (why: string, hint: string) =>
    new OpsError('DRILL_TARGET', `cannot rehearse ${site}: it is rebuilt from a commit, and ${why}`, { hint });
  if ((await git('cat-file', '-e', `HEAD:${inventory}`)).code !== 0)
    throw refuse(`HEAD has no ${inventory}`, `git add ${inventory} && git commit`);
  const [pinned, installed] = await Promise.all([
    git('show', 'HEAD:package-lock.json'),
    readFile(join(project, 'node_modules/.installed-lock'), 'utf8'),
  ]);
  if (pinned.stdout.text !== installed)
    throw refuse('its package-lock.json is not what is installed', 'git status package-lock.json; ./muster setup');
}
