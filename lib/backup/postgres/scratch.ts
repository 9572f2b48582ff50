import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exclusive } from '../../artifact/exclusive.ts';
import { imageOf } from '../../artifact/image-key.ts';
import { imagesRecipe } from '../../artifact/images.ts';
import { type ArtifactDeps, needTool, readLock, resolveRecipe, thisArch } from '../../artifact/index.ts';
import { podmanCommand } from '../../artifact/podman.ts';
import { removeTree } from '../../artifact/remove-tree.ts';
import type { ExecResult } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { withClosingShell } from '../../shell/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import type { Postgres } from '../source.ts';
import { type Repository, repositoryFiles } from './repository.ts';
import { postgresOver, textOf } from './server.ts';

/** Whatever becomes of us, no container lives longer; one that a person is to look into has a day. Seconds. */
const LONGEST = 3600;
const LONGEST_KEPT = 86_400;

/** Files of containers; their server listens on its socket only, since the network is this computer's. */
const QUIET = "listen_addresses = ''\nfsync = off\nfull_page_writes = off\n";

export interface Scratch {
  /** For errors and logs. */
  name: string;
  exec: Postgres['exec'];
  postgres: Postgres;
  /** What its first process said. */
  log(): Promise<string>;
  running(): Promise<boolean>;
  /** The container, its volumes, and the files with the keys. */
  close(): Promise<void>;
}

export interface ScratchWant {
  repository: Repository;
  /** Of the image; absent: its own start. As ['restore-postgres', 'mark', ...]. */
  command?: readonly string[];
  /** It is to outlive this process, under this name; openKept finds it again. */
  name?: string;
}

/**
 * A container of the site's own PostgreSQL image on this computer. It sees the network of this computer, where the store
 * is, and nobody sees it. Errors: TOOL_MISSING, ARTIFACT_BUILD, COMMAND_FAILED.
 */
export async function startScratch(
  { repository, command = [], name: kept }: ScratchWant,
  deps: ArtifactDeps,
): Promise<Scratch> {
  const { image, podman } = await scratchImage(deps);
  await sweep(podman, deps);
  const name = kept ?? `muster-scratch-${randomBytes(6).toString('hex')}`;
  const scratch = scratchOf(name, podman, deps);
  const dir = filesOf(name, deps);
  try {
    await writeFiles(dir, repository);
    const entry = command.length > 0 ? ['--entrypoint', `${command[0]}`] : [];
    const longest = ['--timeout', `${kept === undefined ? LONGEST : LONGEST_KEPT}`];
    const args = [...LIMITS, ...longest, ...mounts(dir), ...entry, image, ...command.slice(1)];
    const run = podmanRunner(podman, deps);
    textOf('this computer', 'podman run', await run(['run', '-d', '--name', name, ...args]));
    return scratch;
  } catch (error) {
    await scratch.close();
    throw error;
  }
}

/** What a run that was killed left: its container ended by itself, and its files hold keys. */
async function sweep(podman: readonly string[], deps: ArtifactDeps): Promise<void> {
  const old = deps.clock.now() - seconds(LONGEST);
  for (const name of await readdir(join(deps.cache, 'scratch'))) {
    if (!/^muster-scratch-[0-9a-f]{12}$/.test(name)) continue;
    const made = await stat(filesOf(name, deps)).catch(() => undefined);
    if (made && made.mtimeMs < old) await scratchOf(name, podman, deps).close();
  }
}

const filesOf = (name: string, { cache }: ArtifactDeps) => join(cache, 'scratch', name);

/** Of a container that is there, or was. */
function scratchOf(name: string, podman: readonly string[], deps: ArtifactDeps): Scratch {
  const run = podmanRunner(podman, deps);
  const exec: Postgres['exec'] = (argv, options = {}) => run(['exec', '-i', name, ...argv], options);
  return {
    name,
    exec,
    postgres: postgresOver('the scratch database', exec),
    async log() {
      const { stdout, stderr } = await run(['logs', name]);
      return stdout.text + stderr.text;
    },
    running: async () => (await run(['inspect', '-f', '{{.State.Running}}', name])).stdout.text.trim() === 'true',
    // Also when the run was stopped: what is left would hold the keys.
    close: () =>
      withClosingShell(deps.clock, async shell => {
        const ending = { ...deps, shell, signal: AbortSignal.timeout(seconds(30)) };
        await podmanRunner(podman, ending)(['rm', '-f', '-v', '-i', '-t', '0', name]);
        await removeTree(filesOf(name, deps), ending);
      }),
  };
}

/** Kept containers whose name fits, running or not, and kept files without one. Errors: COMMAND_FAILED. */
export async function keptScratches(name: RegExp, deps: ArtifactDeps): Promise<Scratch[]> {
  const folder = join(deps.cache, 'scratch');
  const files = await readdir(folder).catch((): string[] => []);
  // No store of containers, no container.
  if (!files.includes('podman')) return [];
  await needTool('podman', 'podman', deps);
  const podman = await podmanCommand(join(folder, 'podman'));
  const said = await podmanRunner(podman, deps)(['ps', '-a', '--format', '{{.Names}}']);
  const names = textOf('this computer', 'podman ps', said).split('\n');
  const all = [...new Set([...names, ...files])].filter(one => name.test(one)).sort();
  return all.map(one => scratchOf(one, podman, deps));
}

/** What a person types to look into it. */
export async function lookCommand(name: string, { cache }: Pick<ArtifactDeps, 'cache'>): Promise<string> {
  const podman = await podmanCommand(join(cache, 'scratch', 'podman'));
  const argv = [...podman, 'exec', '-it', name, 'psql', '-d', 'app'];
  return (process.getuid?.() === 0 ? argv : ['sudo', ...argv]).join(' ');
}

const LIMITS = [
  ...['--network', 'host', '--read-only', '--tmpfs', '/tmp', '--log-driver', 'k8s-file'],
  // What root may set without CAP_SYS_RESOURCE.
  ...['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'],
];

const mounts = (dir: string) => [
  ...['-v', '/run/postgresql', '-v', '/var/lib/postgresql/data', '-v', `${dir}/pgbackrest:/etc/pgbackrest:ro`],
  ...['-v', `${dir}/secrets:/secrets:ro`, '-e', 'POSTGRES_PASSWORD_FILE=/secrets/password'],
  ...['-v', `${dir}/quiet.conf:/etc/muster-postgres/muster.conf:ro`],
];

/** The container's user reads them; nobody else comes through the folder above. */
async function writeFiles(dir: string, repository: Repository): Promise<void> {
  await mkdir(join(dir, '..'), { recursive: true, mode: 0o700 });
  await mkdir(dir, { mode: 0o700 });
  const files = {
    ...Object.fromEntries(
      Object.entries(repositoryFiles(repository)).map(([name, text]) => [`pgbackrest/${name}`, text]),
    ),
    'secrets/password': randomBytes(24).toString('hex'),
    'quiet.conf': QUIET,
  };
  for (const folder of ['pgbackrest', 'secrets']) {
    await mkdir(join(dir, folder));
    await chmod(join(dir, folder), 0o755);
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(dir, name), text, { mode: 0o644 });
    await chmod(join(dir, name), 0o644);
  }
  await chmod(join(dir, '..'), 0o700);
}

type Podman = (
  args: readonly string[],
  options?: { stdin?: string; timeout?: number; keep?: number },
) => Promise<ExecResult>;

const podmanRunner =
  (prefix: readonly string[], { shell, signal }: Pick<ArtifactDeps, 'shell' | 'signal'>): Podman =>
  (args, options = {}) =>
    shell.exec([...prefix, ...args], { timeout: minutes(5), ...options, signal, sudo: process.getuid?.() !== 0 });

/** A store of its own: that of the image builds is swept of containers before each build. */
async function scratchImage(deps: ArtifactDeps): Promise<{ image: string; podman: string[] }> {
  await needTool('podman', 'podman', deps);
  const lock = await readLock(deps.project);
  const { ref } = await imageOf(lock, 'postgres', thisArch(), deps.project);
  const dir = join(deps.cache, 'scratch', 'podman');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const podman = await podmanCommand(dir);
  const run = podmanRunner(podman, deps);
  const has = async () => (await run(['image', 'exists', ref])).code === 0;
  // Of two that load at once each takes the other's layers for what a killed one left, and removes them.
  const there = await exclusive('scratch-image', deps, async () => {
    if (await has()) return true;
    const archive = await resolveRecipe(await imagesRecipe(lock, ['postgres'], thisArch(), deps.project), deps);
    textOf('this computer', 'podman load', await run(['load', '-q', '-i', archive.path], { timeout: minutes(15) }));
    return has();
  });
  if (there) return { image: ref, podman };
  throw new OpsError('ARTIFACT_BUILD', `cannot start PostgreSQL here: ${ref} is not in its own archive`);
}
