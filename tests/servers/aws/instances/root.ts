import { execFile } from 'node:child_process';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { machineTree } from '../../../lab/container-host.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..', '..');
const run = promisify(execFile);

/** What cloud-init is told at the first boot, as the metadata service of EC2 tells it. */
export interface FirstBoot {
  instanceId: string;
  hostname: string;
  userData: string | undefined;
  /** Of the key pair that was named: a Debian image gives it to its user `admin`. */
  publicKey: string | undefined;
}

/** The folder that every instance's disk is copied from: the tree of muster's machines, with cloud-init in it. Made once. */
export async function imageRoot(): Promise<string> {
  const tree = await machineTree();
  const dir = join(homedir(), '.cache', 'muster', 'tests', `ami-${basename(tree).slice(0, 16)}-1`);
  if (await there(dir)) return join(dir, 'system');
  const work = `${dir}.${process.pid}`;
  await mkdir(dirname(dir), { recursive: true, mode: 0o700 });
  await run('sh', [join(PROJECT, 'images', 'machine-root', 'make'), tree, work]);
  await asAnImage(join(work, 'system'));
  // Another process may have been quicker.
  await rename(work, dir).catch(() => rm(work, { recursive: true, force: true }));
  return join(dir, 'system');
}

/** A boot as that of a Debian image in EC2: cloud-init runs before sshd, root is closed, and `admin` has the key. */
async function asAnImage(root: string): Promise<void> {
  const unit = join(root, 'etc/systemd/system');
  await run('ln', ['-sf', '/lib/systemd/system/cloud-init-local.service', join(unit, 'sysinit.target.wants')]);
  // The image's own says: not in a container. There it has no seed; here it has.
  const service =
    '[Unit]\nBefore=ssh.service\nConditionPathExists=!/var/lib/cloud/applied\n\n' +
    '[Service]\nExecStartPost=/bin/touch /var/lib/cloud/applied\n';
  await writeFile(join(unit, 'cloud-init-local.service.d/muster.conf'), service);
  const config = {
    network: { config: 'disabled' },
    users: ['default'],
    disable_root: true,
    cloud_init_modules: ['bootcmd', 'write-files', 'set_hostname', 'update_etc_hosts', 'users-groups', 'ssh'],
    system_info: {
      distro: 'debian',
      default_user: { name: 'admin', lock_passwd: true, shell: '/bin/bash', sudo: ['ALL=(ALL) NOPASSWD:ALL'] },
      ssh_svcname: 'ssh',
    },
  };
  await mkdir(join(root, 'etc/cloud/cloud.cfg.d'), { recursive: true });
  await writeFile(join(root, 'etc/cloud/cloud.cfg.d/99-image.cfg'), stringify(config));
}

/**
 * A disk of its own over the image, with what it is to find at its first boot. `<disk>.data` is for /var/lib/rancher:
 * containerd refuses an overlay on an overlay.
 */
export async function makeDisk(
  image: string,
  disk: string,
  { instanceId, hostname, userData, publicKey }: FirstBoot,
): Promise<void> {
  const [upper, work, data] = ['upper', 'work', 'data'].map(name => `${disk}.${name}`);
  await Promise.all([disk, upper, work, data].map(path => mkdir(path ?? '', { recursive: true })));
  await run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${image},upperdir=${upper},workdir=${work}`, disk]);
  const seed = join(disk, 'var/lib/cloud/seed/nocloud');
  await mkdir(seed, { recursive: true });
  await writeFile(join(seed, 'user-data'), userData ?? '#cloud-config\n{}\n', { mode: 0o600 });
  const metadata = {
    ...{ 'instance-id': instanceId, 'local-hostname': hostname, dsmode: 'local' },
    ...(publicKey !== undefined && { 'public-keys': [publicKey] }),
  };
  await writeFile(join(seed, 'meta-data'), stringify(metadata));
  await writeFile(join(disk, 'etc/hostname'), `${hostname}\n`);
  await writeFile(join(disk, 'etc/resolv.conf'), 'nameserver 10.0.2.3\n');
}

export async function removeDisk(disk: string): Promise<void> {
  await run('umount', [disk]).catch(() => undefined);
  await Promise.all(
    ['', '.upper', '.work', '.data'].map(part => rm(`${disk}${part}`, { recursive: true, force: true })),
  );
}

const there = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
