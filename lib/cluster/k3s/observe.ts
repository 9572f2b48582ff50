import type { Probe } from '../../engine/index.ts';
import {
  BINARY,
  CONFIG,
  K3S_YAML,
  KEEP_TABLE,
  MODULES,
  STAMP_VARIABLE,
  STAMPS,
  SYSCTL,
  SYSCTLS,
  sha256,
  TOKEN,
  UNIT,
} from './files.ts';

/** Questions to a host. All of a host's travel as one script, so each starts few programs: emulated, one costs 80 ms. */

export interface PackageFacts {
  /** false: not a Debian host. */
  dpkg: boolean;
  installed: readonly string[];
}

export const packages = (names: readonly string[]): Probe<PackageFacts> => ({
  id: `packages ${names.join(' ')}`,
  script: `command -v dpkg-query >/dev/null || exit 3
dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' ${names.join(' ')} 2>/dev/null; exit 0`,
  parse: (stdout, code) => ({
    dpkg: code === 0,
    installed: lines(stdout).flatMap(line => (/ installed$/.test(line) ? [line.split(' ')[0] ?? ''] : [])),
  }),
});

export interface KernelFacts {
  /** By name; absent: this kernel has no such setting (yet). */
  sysctls: Readonly<Record<string, string>>;
  overlay: boolean;
  /** sha256 of what is read at the next boot. */
  files: { sysctl?: string; modules?: string };
}

const sysctlPath = (name: string) => `/proc/sys/${name.replaceAll('.', '/')}`;

export const kernel: Probe<KernelFacts> = {
  id: 'k3s.kernel',
  // Not `read`: dash reads byte by byte, and these files end after the first.
  script: `grep -H '' ${Object.keys(SYSCTLS).map(sysctlPath).join(' ')} /proc/filesystems 2>/dev/null
sha256sum ${SYSCTL} ${MODULES} 2>/dev/null
exit 0`,
  parse: stdout => {
    const read = new Map(lines(stdout).map(line => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1)]));
    const sysctls = Object.keys(SYSCTLS).map(name => [name, read.get(sysctlPath(name))] as const);
    const hashes = sums(stdout);
    return {
      sysctls: Object.fromEntries(sysctls.flatMap(([name, value]) => (value ? [[name, value]] : []))),
      overlay: /^\/proc\/filesystems:.*\boverlay$/m.test(stdout),
      files: { ...given('sysctl', hashes.get(SYSCTL)), ...given('modules', hashes.get(MODULES)) },
    };
  },
};

/** A large file and what was noted when it was last hashed. */
export interface FileFacts {
  /** '<size> <mtime>', or 'baked'; absent: no file. */
  file?: string;
  /** The digest that the note has for exactly this size and time; absent: not hashed since it was written. */
  sha256?: string;
}

/** In the note instead of size and time. */
export const BAKED = 'baked';

export const stampPath = (name: string) => `${STAMPS}/${name}.sha256`;

const stamped = (id: string, path: string, stamp: string): Probe<FileFacts> => ({
  id,
  script: `stat -L -c 'file %s %Y' ${path} 2>/dev/null
test -r ${stamp} && read -r note <${stamp} && echo "stamp $note"
exit 0`,
  parse: stdout => {
    const file = /^file (\d+ \d+)$/m.exec(stdout)?.[1];
    const [, digest, noted] = /^stamp ([0-9a-f]{64}) (.+)$/m.exec(stdout) ?? [];
    // The disk was made with what the archive would bring: there is no archive, and none is wanted.
    if (noted === BAKED) return { file: BAKED, ...given('sha256', digest) };
    return { ...given('file', file), ...given('sha256', file !== undefined && noted === file ? digest : undefined) };
  },
});

export const binary = stamped('k3s.binary', BINARY, stampPath('binary'));

export const archiveFile = (id: string, path: string): Probe<FileFacts> => stamped(id, path, stampPath(id));

/** sha256 and mode of the small files; absent: no file. */
export interface ConfigFacts {
  config?: SmallFile;
  token?: SmallFile;
  unit?: SmallFile;
}

export interface SmallFile {
  sha256: string;
  /** Octal digits. */
  mode: string;
}

export const config: Probe<ConfigFacts> = {
  id: 'k3s.config',
  script: `sha256sum ${CONFIG} ${TOKEN} ${UNIT} 2>/dev/null
stat -c 'mode %a %n' ${CONFIG} ${TOKEN} ${UNIT} 2>/dev/null
exit 0`,
  parse: stdout => {
    const digests = sums(stdout);
    const found = new Map(
      lines(stdout).flatMap(line => {
        const [, mode = '', path = ''] = /^mode (\d+) (.+)$/.exec(line) ?? [];
        const sha256 = digests.get(path);
        return sha256 === undefined ? [] : [[path, { sha256, mode }] as const];
      }),
    );
    return {
      ...given('config', found.get(CONFIG)),
      ...given('token', found.get(TOKEN)),
      ...given('unit', found.get(UNIT)),
    };
  },
};

export interface ServiceFacts {
  /** As systemd says: active, activating, failed, inactive ... */
  active: string;
  sub: string;
  enabled: boolean;
  /** Starts by systemd itself since the last one by hand. */
  restarts: number;
  /** With which files the running process was started. */
  stamp?: string;
}

export const service: Probe<ServiceFacts> = {
  id: 'k3s.service',
  script: `show=$(systemctl show k3s -p ActiveState,SubState,UnitFileState,NRestarts,MainPID)
echo "$show"
pid=\${show#*MainPID=} pid=\${pid%%[!0-9]*}
test "\${pid:-0}" -gt 0 && grep -z '^${STAMP_VARIABLE}=' /proc/$pid/environ
exit 0`,
  parse: stdout => {
    const field = (name: string) => new RegExp(`^${name}=([^\n\0]*)`, 'm').exec(stdout)?.[1];
    const active = field('ActiveState');
    if (active === undefined) throw new Error(`systemctl show k3s said: ${stdout.slice(0, 200)}`);
    return {
      active,
      sub: field('SubState') ?? '',
      enabled: field('UnitFileState') === 'enabled',
      restarts: Number(field('NRestarts') ?? 0),
      ...given('stamp', field(STAMP_VARIABLE)),
    };
  },
};

/** What of k3s is on a host that it should have left. */
export const leftovers: Probe<readonly string[]> = {
  id: 'k3s.leftovers',
  script: `systemctl show k3s -p ActiveState --value | grep -qE '^(active|activating|deactivating)$' && echo 'unit k3s'
for exe in /proc/[0-9]*/exe; do
  case $(readlink $exe) in ${BINARY}|/var/lib/rancher/k3s/*) pid=\${exe#/proc/}; echo "process \${pid%/exe}";; esac
done
find /sys/fs/cgroup -maxdepth 3 -type d -name 'kubepods*' -prune 2>/dev/null | while read -r group; do
  find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -vx 0 | sort -u | sed 's/^/process /'
done | sort -u
awk '$2 ~ "^(/run/k3s|/var/lib/kubelet|/var/lib/rancher/k3s|/run/netns/cni-)" { print "mount " $2 }' /proc/mounts
for link in cni0 flannel.1; do test -e /sys/class/net/$link && echo "interface $link"; done
nft list table inet ${KEEP_TABLE} >/dev/null 2>&1 && echo 'rules ${KEEP_TABLE}'
for path in /var/lib/rancher/k3s /var/lib/kubelet /var/lib/cni /run/k3s ${K3S_YAML}; do test -e $path && echo "path $path"; done
exit 0`,
  parse: lines,
};

function lines(text: string): string[] {
  return text.split('\n').filter(line => line !== '');
}

/** sha256sum's lines: path -> digest. */
const sums = (stdout: string) =>
  new Map(
    lines(stdout).flatMap(line => {
      const [, digest, path] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      return digest && path ? [[path, digest] as const] : [];
    }),
  );

const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

/** As the probe reports a file of this text. */
export const smallFile = (text: string, mode: string): SmallFile => ({ sha256: sha256(text), mode });
