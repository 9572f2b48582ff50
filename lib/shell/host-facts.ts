import type { Probe } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';

/** What a host is, read in one probe. */
export interface HostFacts {
  /** ID and VERSION_ID of os-release: { id: 'debian', version: '12' }. */
  os: { id: string; version: string };
  /** uname -m: 'x86_64', 'aarch64'. */
  arch: string;
  kernel: string;
  cpus: number;
  /** Bytes. */
  memory: number;
  /** Bytes that are free for new files below /var. */
  diskFree: number;
  /** Changes with every boot. */
  bootId: string;
  /** '' when the host has none yet. */
  machineId: string;
  cgroup: 1 | 2;
  /** systemd is what runs as process 1. */
  systemd: boolean;
  sudo: boolean;
}

const SCRIPT = `
. /etc/os-release 2>/dev/null
echo "os-id $ID"
echo "os-version $VERSION_ID"
echo "arch $(uname -m)"
echo "kernel $(uname -r)"
echo "cpus $(getconf _NPROCESSORS_ONLN)"
while read -r name kib unit; do [ "$name" != MemTotal: ] || echo "memory-kib $kib"; done </proc/meminfo
echo "disk-free-kib $(df -Pk /var | { read -r header; read -r device size used free rest; echo "$free"; })"
echo "boot-id $(cat /proc/sys/kernel/random/boot_id)"
echo "machine-id $(cat /etc/machine-id 2>/dev/null)"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo "cgroup 2"; else echo "cgroup 1"; fi
if [ -d /run/systemd/system ]; then echo "systemd yes"; else echo "systemd no"; fi
if command -v sudo >/dev/null; then echo "sudo yes"; else echo "sudo no"; fi
`;

export const hostFacts: Probe<HostFacts> = {
  id: 'host-facts',
  script: SCRIPT,
  parse(stdout) {
    const lines = new Map(stdout.split('\n').map(line => [line.split(' ', 1)[0] ?? '', line.replace(/^\S+ ?/, '')]));
    const text = (name: string) => lines.get(name) ?? '';
    const number = (name: string) => {
      const value = Number(text(name) || Number.NaN);
      if (Number.isFinite(value)) return value;
      throw new OpsError(
        'COMMAND_FAILED',
        `cannot read the facts of a host: ${name} is ${JSON.stringify(text(name))}, not a number`,
      );
    };
    return {
      os: { id: text('os-id'), version: text('os-version') },
      arch: text('arch'),
      kernel: text('kernel'),
      cpus: number('cpus'),
      memory: number('memory-kib') * 1024,
      diskFree: number('disk-free-kib') * 1024,
      bootId: text('boot-id'),
      machineId: text('machine-id'),
      cgroup: number('cgroup') === 2 ? 2 : 1,
      systemd: text('systemd') === 'yes',
      sudo: text('sudo') === 'yes',
    };
  },
};
