import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Site } from '../../inventory/index.ts';
import { type Check, failed, ok } from './check.ts';

/** What muster runs on this computer that is not its own: a program, the Debian package that brings it, and what for. */
export interface HostPackage {
  package: string;
  program: string;
  why: string;
}

/** What asks for packages. */
export type Reason = 'qemu' | 'container' | 'module' | 'tests';

const qemu =
  process.arch === 'arm64' ? ['qemu-system-arm', 'qemu-system-aarch64'] : ['qemu-system-x86', 'qemu-system-x86_64'];

const NEEDS: readonly (readonly [reasons: readonly Reason[], name: string, program: string, why: string])[] = [
  [['qemu'], qemu[0] ?? '', qemu[1] ?? '', 'runs the virtual machines'],
  [['qemu'], 'qemu-utils', 'qemu-img', 'makes their disks'],
  [['qemu'], 'e2fsprogs', 'mke2fs', 'makes the file system of their base image'],
  [
    ['qemu', 'container', 'module'],
    'mmdebstrap',
    'mmdebstrap',
    'makes Debian trees out of packages, for machines and images',
  ],
  [['container', 'module', 'tests'], 'podman', 'podman', 'builds container images, runs machines that are containers'],
  [['container', 'module', 'tests'], 'runc', 'runc', 'runs the steps of an image build, and such machines'],
  [['container'], 'slirp4netns', 'slirp4netns', "their way out, and to this computer's loopback, without a bridge"],
  [['module'], 'python3-pip', 'pip3', "downloads the application's wheels"],
  [['tests'], 'containernetworking-plugins', '/usr/lib/cni/bridge', 'networks for hosts that tests bring'],
  [['tests'], 'openssh-server', 'sshd', 'a real SSH server for the shell to speak to'],
  [['tests'], 'iproute2', 'ip', 'a machine and a pod in namespaces of a test'],
  [['tests'], 'nftables', 'nft', 'the fence between them'],
  [['tests'], 'sudo', 'sudo', 'a host whose user is not root'],
  [['tests'], 'tcsh', 'tcsh', 'a host whose login shell is not a POSIX one'],
  [['tests'], 'fish', 'fish', 'another one'],
  [['tests'], 'jq', 'jq', 'what a report tells its reader to type'],
  [['tests'], 'openssl', 'openssl', "somebody else's opinion of our certificates"],
];

/** Each package once, in the order of the table. */
export const packagesFor = (reasons: readonly Reason[]): HostPackage[] =>
  NEEDS.filter(([whens]) => whens.some(when => reasons.includes(when))).map(([, name, program, why]) => ({
    package: name,
    program,
    why,
  }));

/** What a site asks for: its provider, and whether anything is built here. */
export const reasonsOf = ({ provider, artifacts }: Pick<Site, 'provider' | 'artifacts'>): Reason[] => [
  ...(provider.kind === 'qemu' || provider.kind === 'container' ? [provider.kind] : []),
  ...(artifacts.sources.includes('module') ? (['module'] as const) : []),
];

/** Those whose program is not there: the program is what we run, whoever brought it. No process is started for this. */
export async function missingPackages(
  packages: readonly HostPackage[],
  path = process.env.PATH ?? '',
): Promise<HostPackage[]> {
  // A user's PATH often lacks the directories in which Debian has mke2fs and sshd.
  const dirs = [...path.split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(dir => dir.startsWith('/'));
  const runs = (file: string) =>
    access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
  const there = await Promise.all(
    packages.map(async ({ program }) => {
      const files = program.startsWith('/') ? [program] : dirs.map(dir => join(dir, program));
      return (await Promise.all(files.map(runs))).includes(true);
    }),
  );
  return packages.filter((_, n) => !there[n]);
}

export const packageCheck = (packages: readonly HostPackage[], path?: string): Check => ({
  name: 'packages',
  why:
    packages.length === 0 ? 'none are needed' : `${packages.length} Debian packages run what muster does not do itself`,
  look: async () => {
    const missing = await missingPackages(packages, path);
    if (missing.length === 0) return ok(packages.length === 0 ? 'none needed' : 'all there');
    const names = missing.map(({ package: name }) => name);
    return failed(`missing: ${names.join(', ')}`, `./muster packages, or: apt-get install ${names.join(' ')}`);
  },
});
