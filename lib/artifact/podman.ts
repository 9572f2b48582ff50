import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { oneLine } from '../errors/index.ts';
import { sha256 } from './identity.ts';
import { removeTree } from './remove-tree.ts';
import type { ArtifactDeps } from './sources/source.ts';
import { needTool, tool } from './tool.ts';

/** A container store of muster's own below the cache: nothing of the user's podman is seen or changed. */
export interface Podman {
  has(ref: string): Promise<boolean>;
  build(context: string, ref: string, base: string | undefined, label: string): Promise<void>;
  /** By its digest, of whoever publishes it; here it is PULLED. */
  pull(ref: string): Promise<void>;
  /** These names: an image that has others, as one that is built here, stays. */
  drop(refs: readonly string[]): Promise<void>;
  /** One docker-archive of them all: layers that images share are in it once. */
  save(refs: readonly string[], path: string): Promise<void>;
  /** Other tags of the repositories of these. */
  dropSuperseded(refs: readonly string[]): Promise<void>;
}

/** Callers hold the lock of what they build: one user of the store at a time. `work` is for temporary files. Errors: TOOL_MISSING, ARTIFACT_BUILD. */
export async function openPodman(work: string, deps: ArtifactDeps): Promise<Podman> {
  await needTool('podman', 'podman', deps);
  await needTool('runc', 'runc', deps);
  const dir = join(deps.cache, 'podman');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const prefix = await podmanCommand(dir);
  const podman = (args: readonly string[], what: string, onLine?: (line: string) => void) =>
    tool([...prefix, ...args], what, deps, { env: { TMPDIR: work }, ...(onLine && { onLine }) });
  await prepare(dir, deps, podman);
  return {
    async has(ref) {
      return (await images(podman)).includes(ref);
    },
    async build(context, ref, base, label) {
      const from = base === undefined ? [] : ['--build-arg', `BASE=${base}`];
      // Chroot isolation needs no container network and no cgroup; the network is this computer's.
      const args = [
        'build',
        '--isolation=chroot',
        '--network=host',
        '--pull=never',
        '--layers=false',
        ...from,
        '-t',
        ref,
        context,
      ];
      await podman(args, `cannot build the image ${label}`, line => {
        if (line.startsWith('STEP ')) deps.progress(`${label}: ${line.slice(0, 100)}`);
      });
    },
    async pull(ref) {
      await podman(['pull', '-q', ref], `cannot pull ${ref}`);
      await podman(['tag', ref, PULLED], `cannot keep ${ref}`);
    },
    async drop(refs) {
      for (const ref of refs) await podman(['rmi', ref], `cannot remove ${ref}`);
    },
    async save(refs, path) {
      await podman(['save', '-q', '--format', 'docker-archive', '-m', '-o', path, ...refs], 'cannot save the images');
      // Written by root, kept by whoever runs muster.
      const owner = `${process.getuid?.()}:${process.getgid?.()}`;
      await tool(['chown', owner, path], 'cannot keep the images', deps);
    },
    async dropSuperseded(refs) {
      const repository = (ref: string) => ref.slice(0, ref.lastIndexOf(':'));
      const keep = new Set(refs);
      const names = new Set(refs.map(repository));
      const old = (await images(podman)).filter(ref => !keep.has(ref) && names.has(repository(ref)));
      if (old.length > 0) await podman(['rmi', '-f', ...old], 'cannot remove superseded images');
    },
  };
}

/** The name of what was pulled last. */
export const PULLED = 'localhost/muster-pulled:1';

type Run = (args: readonly string[], what: string) => Promise<string>;

const OVERLAYFS = 0x794c7630;

/** podman with a store in `dir`, which nobody else sees. */
// crun refuses this kind of computer's cgroups (hybrid); runc takes all of them.
// What must not outlive a reboot lies in /run, also because podman refuses a runroot of more than 50 characters.
export async function podmanCommand(dir: string): Promise<string[]> {
  const run = `/run/muster-${sha256(dir).slice(0, 12)}`;
  // Inside a container the cache may lie on an overlay already, and the kernel does not stack them.
  const nested = (await statfs(dir)).type === OVERLAYFS;
  // skip_mount_home: otherwise a failed build leaves a mount on its own folder, which then cannot be removed.
  const driver = nested ? ['vfs'] : ['overlay', '--storage-opt', 'overlay.skip_mount_home=true'];
  return [
    'podman',
    ...['--root', join(dir, 'root'), '--runroot', join(run, 'storage'), '--tmpdir', join(run, 'tmp')],
    ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--storage-driver', ...driver],
  ];
}

const images = async (podman: Run): Promise<string[]> =>
  (await podman(['images', '--format', '{{.Repository}}:{{.Tag}}'], 'cannot list the images'))
    .split('\n')
    .filter(Boolean);

/** What a killed build left is removed; a store that podman cannot read any more is made anew. */
async function prepare(dir: string, deps: ArtifactDeps, podman: Run): Promise<void> {
  try {
    const left = await podman(['ps', '-a', '-q', '--external'], 'cannot list what killed builds left');
    const ids = left.split('\n').filter(Boolean);
    if (ids.length > 0) await podman(['rm', '-f', ...ids], 'cannot remove what killed builds left');
    // Untagged: layers of a build that did not come to its end.
    await podman(['image', 'prune', '-f'], 'cannot remove what killed builds left');
  } catch (error) {
    if (deps.signal.aborted) throw error;
    deps.progress(`the container store is made again: ${oneLine(error)}`);
    await removeTree(dir, deps);
  }
}
