/** Around the machines of a rehearsal: what is let out of them, and whose they are. Made before they start. */
export interface Fence {
  /** The rehearsal's own name: the stamp of its machines, which lies outside of every backed-up path. */
  name: string;
  /** The store, as machines and pods see it: an IPv4 address; `name`: how they call it, if not by that. */
  store: { address: string; port: number; name?: string };
  /** The block of a cloud's network that is the rehearsal's own: its machines see each other there, and nobody else. */
  network?: string;
}

export const FENCE_TABLE = 'muster-fence';
/** Of the rules' counter: what they refused. */
export const FENCE_COUNTER = 'refused';
export const STAMP_PATH = '/etc/muster/rehearsal';
const RULES_PATH = '/etc/muster/fence.nft';
const UNIT = 'muster-fence.service';

/** Pods, services, the segment between the machines of one site: none of them leads out of it. */
export const INSIDE = ['127.0.0.0/8', '10.42.0.0/16', '10.43.0.0/16', '10.77.0.0/24'];

/**
 * Refused, not dropped: what tries learns it at once (Linux goes on trying after an ICMP error of its own, so a reset). After kube-proxy's translation, so that no service leads out. An
 * answer to whom came in is let out; conntrack knows the direction, so a connection that began inside never passes.
 */
const rules = ({ store: { address, port }, network }: Fence): string => `table inet ${FENCE_TABLE}
delete table inet ${FENCE_TABLE}
table inet ${FENCE_TABLE} {
  counter ${FENCE_COUNTER} { }
  chain way {
    oifname "lo" accept
    ct direction reply accept
    ip daddr { ${INSIDE.join(', ')} } accept${network === undefined ? '' : `\n    ip daddr ${network} accept`}
    ip daddr ${address} tcp dport ${port} accept
    meta l4proto tcp counter name "${FENCE_COUNTER}" reject with tcp reset
    counter name "${FENCE_COUNTER}" reject with icmpx type admin-prohibited
  }
  chain output {
    type filter hook output priority 10; policy accept;
    jump way
  }
  chain forward {
    type filter hook forward priority 10; policy accept;
    jump way
  }
}
`;

/** Nothing that has a network comes before it; where it fails, neither sshd nor k3s starts. */
const unit = `[Unit]
Description=The fence of a rehearsal: nothing leaves but to the store
DefaultDependencies=no
Before=sysinit.target network-pre.target systemd-networkd.service ssh.service k3s.service
ConditionPathExists=${RULES_PATH}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${RULES_PATH}
`;

export interface PlantedFile {
  /** On the machine. */
  path: string;
  text: string;
}

export const plantedByFence = (fence: Fence): PlantedFile[] => [
  { path: STAMP_PATH, text: `${fence.name}\n` },
  { path: RULES_PATH, text: rules(fence) },
  { path: `/etc/systemd/system/${UNIT}`, text: unit },
  {
    path: '/etc/systemd/system/sysinit.target.d/muster-fence.conf',
    text: `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n`,
  },
];

/** Where files are written by a boot that began without the unit. */
export const RAISE_FENCE: readonly string[] = ['nft', '-f', RULES_PATH];
