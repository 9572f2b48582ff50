import { createHash } from 'node:crypto';
import { toYaml } from '../../shell/index.ts';

export const BINARY = '/usr/local/bin/k3s';
export const CONFIG = '/etc/rancher/k3s/config.yaml';
/** k3s writes it: the administrator's kubeconfig. */
export const K3S_YAML = '/etc/rancher/k3s/k3s.yaml';
export const TOKEN = '/etc/rancher/k3s/token';
export const UNIT = '/etc/systemd/system/k3s.service';
export const IMAGES_DIR = '/var/lib/rancher/k3s/agent/images';
/** Digests of large files, beside size and time, so that a second look does not hash 160 MB: '<sha256> <size> <mtime>'. */
export const STAMPS = '/var/lib/muster/k3s';
export const SYSCTL = '/etc/sysctl.d/90-muster-k3s.conf';
export const MODULES = '/etc/modules-load.d/muster-k3s.conf';

/** The unit's environment tells with which files a running k3s was started. */
export const STAMP_VARIABLE = 'MUSTER_K3S';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export interface ServerConfig {
  node: string;
  /** Absent: the address of the default route. */
  nodeIp?: string;
  /** Names and addresses under which the API is reached from outside. */
  tlsSan: readonly string[];
  /** undefined: k3s's own. */
  pauseImage?: string | undefined;
  /** What k3s brings and is not to run, beside what never is. */
  disable?: readonly string[];
}

/** /etc/rancher/k3s/config.yaml. The token is in a file of its own: neither argv nor this text has it. */
export const renderConfig = ({ node, nodeIp, tlsSan, pauseImage, disable = [] }: ServerConfig): string =>
  `# Written by muster; it puts back what is changed here.\n${toYaml({
    'node-name': node,
    ...(nodeIp !== undefined && { 'node-ip': nodeIp }),
    'token-file': TOKEN,
    'tls-san': [...tlsSan],
    'write-kubeconfig-mode': '0600',
    // What reaches an application from outside is the provider's port, not a load balancer of the cluster.
    disable: ['servicelb', 'traefik', ...disable],
    ...(pauseImage !== undefined && { 'pause-image': pauseImage }),
  })}`;

/** k3s's defaults. */
const PODS = '10.42.0.0/16';
const SERVICES = '10.43.0.0/16';
export const KEEP_TABLE = 'muster-k3s';

/**
 * Until kube-proxy has written its rules, as after each boot, a Service's address is one like any other and would leave
 * by the default route, for whoever answers there; so would a pod's before its bridge is there. After kube-proxy's
 * translation, which makes another one of every address that may be reached. Only postrouting knows the interface that
 * a translated packet of this machine's own leaves by, and nothing can be refused there.
 */
const KEEP = [
  `table inet ${KEEP_TABLE} { }; delete table inet ${KEEP_TABLE}; table inet ${KEEP_TABLE} {`,
  ...['output', 'forward'].map(
    hook => `chain ${hook} { type filter hook ${hook} priority 10; ip daddr ${SERVICES} reject; };`,
  ),
  `chain leave { type filter hook postrouting priority 10; ip daddr ${PODS}`,
  'oifname != "lo" oifname != "cni0" oifname != "flannel*" drop; }; }',
].join(' ');

/**
 * k3s's own unit in its essential lines. KillMode=process: containers outlive a restart of k3s. No LimitNOFILE: where
 * the limit cannot be raised, as in a container, the unit would not start, and Go raises its own.
 */
export const renderUnit = (stamp: string): string => `# Written by muster; it puts back what is changed here.
[Unit]
Description=Lightweight Kubernetes
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
Environment=${STAMP_VARIABLE}=${stamp}
# Where there is no nft, k3s runs without it.
ExecStartPre=-/usr/sbin/nft '${KEEP}'
ExecStart=${BINARY} server
KillMode=process
Delegate=yes
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
`;

/** One short name for all that a restart is needed for. */
export const stampOf = (binary: string, config: string): string =>
  sha256([binary, config, renderUnit('')].join('\n')).slice(0, 16);

/** Forwarding, and bridged packets through netfilter: a Service whose pod is on the same node needs both. */
export const SYSCTLS = { 'net.ipv4.ip_forward': '1', 'net.bridge.bridge-nf-call-iptables': '1' } as const;
export const KERNEL_MODULES = ['br_netfilter', 'overlay'] as const;
export const SYSCTL_TEXT = Object.entries(SYSCTLS)
  .map(([name, value]) => `${name} = ${value}\n`)
  .join('');
export const MODULES_TEXT = KERNEL_MODULES.map(name => `${name}\n`).join('');
