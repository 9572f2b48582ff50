import type { MachineFiles, QemuIdentity } from './identity.ts';

export type Accelerator = 'kvm' | 'tcg';

export interface MachineSpec {
  identity: QemuIdentity;
  files: MachineFiles;
  cpus: number;
  /** Bytes. */
  memory: number;
  accelerator: Accelerator;
  commandLine: string;
  run: string;
}

export const processName = (site: string, machine: string): string => `muster-${site}-${machine}`;

/** QEMU's command line. Direct kernel boot; nothing is emulated that the machine does not use. */
export function qemuArguments({ identity, files, cpus, memory, accelerator, commandLine, run }: MachineSpec): string[] {
  const { ssh, api, web } = identity.forwards;
  const forward = (port: number, guest: number) => `hostfwd=tcp:127.0.0.1:${port}-:${guest}`;
  const forwards = [forward(ssh, 22), forward(api, 6443), forward(web, 30443)].join(',');
  const tags = { site: identity.site, owner: identity.owner, run };
  return [
    `qemu-system-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`,
    ...['-name', processName(identity.site, identity.name), '-uuid', identity.uuid],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', process.arch === 'arm64' ? 'virt' : `q35,${ABSENT.map(device => `${device}=off`).join(',')}`],
    ...['-accel', accelerator === 'kvm' ? 'kvm' : `tcg,thread=multi,tb-size=${TRANSLATED}`],
    ...['-cpu', accelerator === 'kvm' ? 'host' : EMULATED_CPU],
    ...['-smp', `${cpus}`, '-m', `${Math.floor(memory / 2 ** 20)}`],
    ...[
      '-kernel',
      files.kernel,
      '-initrd',
      files.initrd,
      '-append',
      [commandLine, ...(accelerator === 'kvm' ? [] : EMULATED)].join(' '),
    ],
    // Data must survive a loss of power of the machine: no cache mode that drops a flush.
    ...drive('disk', `driver=qcow2,node-name=disk,discard=unmap,file.driver=file,file.filename=${comma(files.disk)}`),
    // The cloud kernel has no AHCI: the seed is a virtio disk too. vvfat shows the folder as a file system `cidata`.
    ...drive('seed', `driver=vvfat,node-name=seed,dir=${comma(files.seed)},label=cidata,read-only=on`),
    ...['-netdev', `user,id=out,${forwards}`, '-device', `virtio-net-pci,netdev=out,mac=${identity.macs.out}`],
    ...[
      '-netdev',
      'hubport,id=segment,hubid=1',
      '-device',
      `virtio-net-pci,netdev=segment,mac=${identity.macs.segment}`,
    ],
    ...['-device', 'virtio-rng-pci', '-serial', `file:${files.serial}`],
    ...Object.entries(tags).flatMap(([key, value]) => ['-smbios', `type=11,value=muster.${key}=${comma(value)}`]),
    ...['-qmp', `unix:${comma(files.qmp)},server=on,wait=off`, '-pidfile', files.pid],
    // A guest that panics is a machine that ended: who waits for it sees that.
    ...['-no-reboot', '-daemonize'],
  ];
}

/**
 * For an emulated processor. Linux trusts no TSC of two AMD processors, as QEMU's say they are, and asks the ACPI timer,
 * which is a device: each look at the clock leaves the guest and takes QEMU's lock. QEMU's TSC is one for all of them. And
 * Go's runtime sleeps by 20 microseconds in every process: with timers as fine as that an interrupt ends what was
 * translated a thousand times a second. By ticks of 4 ms, bootstrap takes less than half.
 * What was translated is found again by its address: a program that is put elsewhere at each start is translated at each
 * start, which is nine tenths of what a short one takes.
 */
const EMULATED = ['tsc=reliable', 'highres=off', 'nohz=off', 'norandmaps'];

/**
 * What an emulated processor says that it has not. `rep movs` is slower than the loops that are taken without it. Each AVX
 * instruction is a call out of what was translated: SHA-256, over every byte of every image, runs at 12 MB a second with
 * it and at 40 without; the others are taken for a sign of it.
 */
const SLOW = process.arch === 'x64' ? ['erms', 'fsrm', 'avx', 'avx2', 'fma', 'f16c', 'vaes'] : [];
const EMULATED_CPU = ['max', ...SLOW.map(feature => `-${feature}`)].join(',');

/** MiB, the most there can be: what was translated is kept until they are full, and then all of it is forgotten. */
export const TRANSLATED = 2047;

/** Devices that a board of the PC kind has and no guest of ours uses. */
const ABSENT = ['i8042', 'hpet', 'smbus', 'sata', 'vmport', 'graphics'];

const drive = (node: string, blockdev: string) => ['-blockdev', blockdev, '-device', `virtio-blk-pci,drive=${node}`];

/** A comma inside a value of QEMU's is written twice. */
export const comma = (value: string): string => value.replaceAll(',', ',,');
