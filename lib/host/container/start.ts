import type { Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { HostWant } from '../../inventory/index.ts';
import { seconds } from '../../time/index.ts';
import { needMemory } from '../capacity.ts';
import type { Identity } from '../identity.ts';
import { needPorts } from '../ports.ts';
import { rootWhole } from './create.ts';
import { asRoot, type ContainerFiles, containerFiles, podman } from './podman.ts';
import { containerName, containerProcesses } from './processes.ts';

/** Errors: PORT_TAKEN, TOO_LITTLE_MEMORY, MACHINE_DAMAGED, COMMAND_FAILED with podman's words. */
export async function startContainer(host: HostWant, identity: Identity, ctx: Ctx): Promise<void> {
  const { state } = ctx.run.dirs;
  const files = containerFiles(state, host.name);
  await needPorts(host.name, identity.forwards);
  await needMemory(host);
  if (!(await rootWhole(state, host.name)))
    throw new OpsError('MACHINE_DAMAGED', `cannot start ${host.name}: its root is not whole`);
  await removeContainer(files, identity, ctx);
  await asRoot(runArguments(identity, files, ctx.run.id), ctx, { timeout: seconds(60) });
}

/**
 * As a loss of power would; none is fine. Where the monitor is in a mount namespace of its own, as a rehearsal's, podman goes
 * there: the container's network is mounted nowhere else.
 */
export async function removeContainer(files: ContainerFiles, identity: Identity, ctx: Ctx): Promise<string> {
  const { site, name, uuid } = identity;
  const monitor = (await containerProcesses()).find(process => process.uuid === uuid);
  const there =
    monitor && (await elsewhere(monitor.pid, ctx)) ? ['nsenter', `--mount=/proc/${monitor.pid}/ns/mnt`] : [];
  const remove = podman(files, 'rm', '-f', '-i', '-t', '0', containerName(site, name, uuid));
  return asRoot([...there, ...remove], ctx, { timeout: seconds(30) });
}

/** false too when it ended meanwhile. */
async function elsewhere(pid: number, ctx: Ctx): Promise<boolean> {
  const read = asRoot(['readlink', '/proc/self/ns/mnt', `/proc/${pid}/ns/mnt`], ctx);
  const [own, its] = (await read.catch(() => '')).trim().split('\n');
  return its !== undefined && own !== its;
}

/** What podman is told; name and console are on the monitor's command line, where the machine is found without podman.
 * The way out is slirp4netns: 10.0.2.2 is this computer's loopback, as under QEMU. */
export function runArguments(identity: Identity, files: ContainerFiles, run: string): string[] {
  const { ssh, api, web } = identity.forwards;
  const tags = { site: identity.site, owner: identity.owner, run, uuid: identity.uuid };
  const publish = (port: number, inside: number) => ['-p', `127.0.0.1:${port}:${inside}`];
  return podman(
    files,
    ...[
      'run',
      '-d',
      '--rm',
      '-t',
      '--name',
      containerName(identity.site, identity.name, identity.uuid),
      '--hostname',
      identity.name,
    ],
    ...Object.entries(tags).flatMap(([key, value]) => ['--label', `muster.${key}=${value}`]),
    // Not --systemd=always: all containers would share the host's name=systemd root, and each would sweep the others'
    // groups. SIGRTMIN+3 is systemd's halt.
    ...['--privileged', '--systemd=false', '--stop-signal=SIGRTMIN+3', '-e', 'container=podman', '--cgroupns=private'],
    // Without both limits kubelet's containers get EPERM.
    ...['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'],
    ...['--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp:exec'],
    ...['--network', 'slirp4netns:allow_host_loopback=true'],
    ...[...publish(ssh, 22), ...publish(api, 6443), ...publish(web, 30443)],
    ...['--log-driver', 'k8s-file', '--log-opt', `path=${files.console}`],
    ...['--rootfs', files.root, '/sbin/init'],
  );
}
