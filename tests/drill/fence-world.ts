import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PROBE, type Probed, parseProbed, type Tries } from '../../lib/drill/checks/fence.ts';
import { FENCE_COUNTER, FENCE_TABLE } from '../../lib/host/index.ts';

/**
 * A machine with a pod in namespaces of this test's own, and outside of it an address where everything answers: as
 * slirp gives it to a container, and QEMU to a guest. $1 node, $2 a program that listens on ports, $3 the probe, $4 the
 * rules, $5 their table, $6 its counter, then what is tried. The probe's answers without the fence, and with it.
 */
const WORLD = `set -eu
node=$1 listen=$2 probe=$3 rules=$4
shift 4
mount -t tmpfs tmpfs /run
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
server=$!
trap 'kill $server' EXIT
read -r _ </run/ready
shown "$@"
echo =====
printf '%s' "$rules" | nft -f -
shown "$@"`;

const LISTEN = `const ports = process.argv.flatMap(word => /^10\\.0\\.2\\.2:(\\d+)$/.exec(word)?.[1] ?? []);
let open = 0;
for (const port of ports)
  require('net').createServer(socket => socket.destroy()).listen(Number(port), '10.0.2.2', () => {
    if (++open === ports.length) console.log('ready');
  });`;

/** Needs to be root, or user namespaces. */
export async function tried(rules: string, { store, closed }: Tries): Promise<{ without: Probed; fenced: Probed }> {
  const inside = [process.execPath, LISTEN, PROBE, rules, FENCE_TABLE, FENCE_COUNTER, store, ...closed];
  const argv = ['--map-root-user', '--net', '--mount', 'sh', '-c', WORLD, 'sh', ...inside];
  const { stdout } = await promisify(execFile)('unshare', argv, { timeout: 120_000 });
  const [without = '', fenced = ''] = stdout.split('=====\n');
  return { without: parseProbed(without), fenced: parseProbed(fenced) };
}
