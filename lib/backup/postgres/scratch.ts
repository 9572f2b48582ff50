import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageOf } from '../../artifact/image-key.ts';
import { imagesRecipe } from '../../artifact/images.ts';
import { type ArtifactDeps, needTool, readLock, resolveRecipe, thisArch } from '../../artifact/index.ts';
import { podmanCommand } from '../../artifact/podman.ts';
import { removeTree } from '../../artifact/remove-tree.ts';
import type { ExecResult } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import type { Postgres } from '../source.ts';
import { type Repository, repositoryFiles } from './repository.ts';
import { postgresOver, textOf } from './server.ts';

/** Whatever becomes of us, no container lives longer. Seconds. */
const LONGEST = 3600;

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
}

/**
 * A container of the site's own PostgreSQL image on this computer. It sees the network of this computer, where the store
 * is, and nobody sees it. Errors: TOOL_MISSING, ARTIFACT_BUILD, COMMAND_FAILED.
 */
export async function startScratch({ repository, command = [] }: ScratchWant, deps: ArtifactDeps): Promise<Scratch> {
  const { image, podman } = await scratchImage(deps);
  const name = `muster-scratch-${randomBytes(6).toString('hex')}`;
  const dir = join(deps.cache, 'scratch', name);
  const run = podmanRunner(podman, deps);
  const close = async () => {
    // Also when the run was stopped: what is left would hold the keys.
    const ending = podmanRunner(podman, { ...deps, signal: AbortSignal.timeout(seconds(30)) });
    await ending(['rm', '-f', '-v', '-i', '-t', '0', name]);
    await removeTree(dir, { ...deps, signal: AbortSignal.timeout(seconds(30)) });
  };
  try {
    await writeFiles(dir, repository);
    const entry = command.length > 0 ? ['--entrypoint', `${command[0]}`] : [];
    const args = [...LIMITS, ...mounts(dir), ...entry, image, ...command.slice(1)];
    textOf('this computer', 'podman run', await run(['run', '-d', '--name', name, ...args]));
  } catch (error) {
    await close();
    throw error;
  }
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
    close,
  };
}

const LIMITS = [
  ...['--network', 'host', '--read-only', '--tmpfs', '/tmp', '--timeout', `${LONGEST}`, '--log-driver', 'k8s-file'],
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
  if ((await run(['image', 'exists', ref])).code === 0) return { image: ref, podman };
  const archive = await resolveRecipe(await imagesRecipe(lock, ['postgres'], thisArch(), deps.project), deps);
  textOf('this computer', 'podman load', await run(['load', '-q', '-i', archive.path]));
  if ((await run(['image', 'exists', ref])).code === 0) return { image: ref, podman };
  throw new OpsError('ARTIFACT_BUILD', `cannot start PostgreSQL here: ${ref} is not in its own archive`);
}
