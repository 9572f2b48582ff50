import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type FenceKind,
  MACHINE,
  NODE,
  type Probed,
  parseProbed,
  probeScript,
  type Tries,
} from '../../lib/drill/checks/fence-probe.ts';

/**
 * A machine with a pod in namespaces of this test's own, and outside of it an address where everything answers: as
 * slirp gives it to a container, and QEMU to a guest. $1 node, $2 a program that listens on ports, $3 the probe, $4 what
 * raises the fence, then the probe's arguments. Its answers without the fence, and with it.
 */
const WORLD = `set -eu
node=$1 listen=$2 probe=$3 raise=$4
shift 4
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
ip link set lo up
ip netns add outside
ip netns add cni-pod
ip link add out type veth peer name in netns outside
ip link add bridge type veth peer name eth0 netns cni-pod
ip address add 10.0.2.100/24 dev out
ip address add 10.42.0.1/24 dev bridge
ip link set out up
ip link set bridge up
ip -n outside address add 10.0.2.2/24 dev in
ip -n outside link set in up
ip -n outside route add 10.42.0.0/16 via 10.0.2.100
ip -n cni-pod address add 10.42.0.5/24 dev eth0
ip -n cni-pod link set eth0 up
ip -n cni-pod route add default via 10.42.0.1
echo 1 >/proc/sys/net/ipv4/ip_forward
shown() { printf '%s' "$probe" | sh -s "$@"; }
mkfifo /run/ready
nsenter --net=/run/netns/outside "$node" -e "$listen" "$@" >/run/ready &
server=$! fence=
trap 'kill $server $fence' EXIT
read -r _ </run/ready
shown "$@"
echo =====
sh -c "$raise" &
fence=$!
until [ -e /tmp/raised ]; do sleep 0.1; done
shown "$@"`;

const LISTEN = `const ports = process.argv.flatMap(word => /^10\\.0\\.2\\.2:(\\d+)$/.exec(word)?.[1] ?? []);
let open = 0;
for (const port of ports)
  require('net').createServer(socket => socket.destroy()).listen(Number(port), '10.0.2.2', () => {
    if (++open === ports.length) console.log('ready');
  });`;

interface Worlds {
  without: Probed;
  fenced: Probed;
}

/** Of nftables, around a machine. */
export const tried = (rules: string, tries: Tries): Promise<Worlds> =>
  inWorld(`nft -f - <<'END'\n${rules}\nEND\ntouch /tmp/raised; exec sleep 60`, MACHINE, tries);

/** As a container of a node raises it; here the node is this world. */
export const triedOnNode = (raise: string, env: Readonly<Record<string, string>>, tries: Tries): Promise<Worlds> => {
  const set = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`);
  return inWorld(set.join('') + raise.replaceAll('nsenter --target 1 --mount --net -- ', ''), NODE, tries);
};

/** Needs to be root, or user namespaces. */
async function inWorld(raise: string, kind: FenceKind, tries: Tries): Promise<Worlds> {
  const { script, args } = probeScript(kind, tries);
  const inside = [process.execPath, LISTEN, script, raise, ...args];
  const argv = ['--map-root-user', '--net', '--mount', 'sh', '-c', WORLD, 'sh', ...inside];
  const { stdout } = await promisify(execFile)('unshare', argv, { timeout: 120_000 });
  const [without = '', fenced = ''] = stdout.split('=====\n');
  return { without: parseProbed(without), fenced: parseProbed(fenced) };
}
