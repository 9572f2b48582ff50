import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { artifactDeps, type Recipe, resolveRecipe, siteRecipe, thisArch } from '../../lib/artifact/index.ts';
import { treeRecipe } from '../../lib/host/machine-image/recipes.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { createSshKeyPair, Masker } from '../../lib/secret/index.ts';
import { createShells } from '../../lib/shell/index.ts';
import { siteDirs } from '../../lib/site/place.ts';
import { systemClock } from '../../lib/time/index.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** A Debian host as somebody brings one: a container with systemd and sshd, reached on a loopback address of its own. */
export interface ContainerHost {
  address: string;
  hostKey: string;
  /** Path of the private key that root may log in with. */
  identity: string;
  /** Runs inside, past muster. */
  exec(...argv: string[]): Promise<string>;
  remove(): Promise<void>;
}

/**
 * `address` is one of 127.0.0.0/8: ports 22, 6443 and 30443 of the host are published there as 2222, 6443 and 8443.
 * `volumes`: what of this computer is seen inside, as podman's -v takes it.
 */
export async function startContainerHost(
  name: string,
  address: string,
  volumes: readonly string[] = [],
): Promise<ContainerHost> {
  const dir = await mkdtemp(join(tmpdir(), `muster-host-${name}-`));
  // crun refuses hybrid cgroups; a store of the test's own: nothing of the user's podman is seen or changed.
  const base = ['--root', join(dir, 'store'), '--runroot', join(dir, 'run'), '--runtime', '/usr/sbin/runc'];
  const podman = async (...args: string[]) => (await run('podman', [...base, ...args], { maxBuffer: 1 << 26 })).stdout;
  const remove = async () => {
    await podman('rm', '-f', '-i', '-t', '0', name);
    await podman('rmi', '-a', '-f');
    await run('umount', ['-R', join(dir, 'store', 'overlay')]).catch(() => undefined);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await startContainer(podman, dir, name, address, volumes);
    const exec = (...argv: string[]) => podman('exec', name, ...argv);
    return { address, ...(await letIn(dir, name, podman)), exec, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

type Podman = (...args: string[]) => Promise<string>;

async function startContainer(
  podman: Podman,
  dir: string,
  name: string,
  address: string,
  volumes: readonly string[],
): Promise<void> {
  await podman('import', '-q', await machineTree(), 'localhost/muster-host');
  // containerd's state must lie on a real directory: an overlay on an overlay is refused.
  const data = join(dir, 'data');
  await mkdir(data);
  const limits = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'];
  // Not --systemd=always: all containers would share the host's name=systemd root, and each would sweep the others' groups.
  const systemd = [
    '--privileged',
    '--systemd=false',
    '--stop-signal=SIGRTMIN+3',
    '-e',
    'container=podman',
    '--cgroupns=private',
  ];
  const tmp = ['--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp:exec'];
  const ports = ['2222:22', '6443:6443', '8443:30443'].flatMap(port => ['-p', `${address}:${port}`]);
  const volume = [`${data}:/var/lib/rancher`, ...volumes].flatMap(each => ['-v', each]);
  const image = ['localhost/muster-host', '/sbin/init'];
  await podman(
    'run',
    '-d',
    '--name',
    name,
    '--hostname',
    name,
    ...limits,
    ...systemd,
    ...tmp,
    ...ports,
    ...volume,
    ...image,
  );
}

/** Keys as the host's owner would have made them. */
async function letIn(dir: string, name: string, podman: Podman): Promise<{ hostKey: string; identity: string }> {
  const [host, user] = await Promise.all([createSshKeyPair(name), createSshKeyPair('operator')]);
  const put = async (path: string, text: string) => {
    const local = join(dir, 'file');
    await writeFile(local, text, { mode: 0o600 });
    await podman('cp', local, `${name}:${path}`);
  };
  await podman('exec', name, 'mkdir', '-p', '-m', '0700', '/root/.ssh');
  await put('/root/.ssh/authorized_keys', `${user.publicKey}\n`);
  await put('/etc/ssh/ssh_host_ed25519_key', host.privateKey.reveal());
  await podman('exec', name, 'chown', '-R', '0:0', '/root/.ssh', '/etc/ssh/ssh_host_ed25519_key');
  // Without a host key it failed until now, perhaps too often for another start.
  await podman('exec', name, 'sh', '-c', 'systemctl reset-failed ssh; systemctl restart ssh');
  const identity = join(dir, 'identity');
  await writeFile(identity, user.privateKey.reveal(), { mode: 0o600 });
  return { hostKey: host.publicKey, identity };
}

/** The tree that virtual machines are made of, out of the cache or made now. */
export const machineTree = (): Promise<string> => {
  const site = { name: 'host', environment: 'lab', artifacts: { sources: ['module'] } } as unknown as Site;
  return artifactPath(site, project => treeRecipe({ project, arch: thisArch() }));
};

/** The images of a site as one docker-archive. */
export const imagesArchive = (site: Site): Promise<string> =>
  artifactPath(site, async project => {
    const recipe = await siteRecipe(site, 'images', project);
    if (!recipe) throw new Error(`${site.name} has no images`);
    return recipe;
  });

/** Of what is built here for a site, out of the cache or made now. */
export async function artifactPath(site: Site, recipe: (project: string) => Promise<Recipe>): Promise<string> {
  const signal = new AbortController().signal;
  const shells = createShells({
    connect: host => Promise.reject(new Error(host)),
    clock: systemClock,
    signal,
    masker: new Masker(),
  });
  const dirs = siteDirs(PROJECT, 'host');
  const progress = (text: string) => void process.stderr.write(`${text}\n`);
  const ctx = { run: { dirs } as never, signal, clock: systemClock, shell: shells.shell, progress };
  try {
    return (await resolveRecipe(await recipe(PROJECT), await artifactDeps(site, ctx))).path;
  } finally {
    await shells.close();
  }
}
