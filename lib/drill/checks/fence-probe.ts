import { CHAIN } from '../../cluster/index.ts';
import type { Shell } from '../../engine/index.ts';
import { FENCE_COUNTER, FENCE_TABLE } from '../../host/index.ts';
import { minutes } from '../../time/index.ts';

/** What was tried from inside, and what the fence says of itself. */
export interface Probed {
  tried: { from: string; to: string; open: boolean }[];
  /** Its rules, as text; '' when there are none. */
  table: string;
  /** Packets that it refused, before and after. */
  refused: readonly [number, number];
}

export interface Tries {
  /** 'address:port' of the store. */
  store: string;
  /** What must not be reached. */
  closed: readonly string[];
}

/** How a fence is made, and what it is around. */
export interface FenceKind {
  /** sh: `refused` and `table`, of $name. */
  asks: string;
  name: string;
  from: readonly ('machine' | 'pod')[];
  /** What its rules lack. */
  lacks(table: string): string[];
}

/** Around a machine of ours, and its pods: lib/host/fence.ts. */
export const MACHINE: FenceKind = {
  asks: `
refused() { nft list counter inet "$name" ${FENCE_COUNTER} 2>/dev/null | sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'; }
table() { nft list table inet "$name" 2>/dev/null || true; }`,
  name: FENCE_TABLE,
  from: ['machine', 'pod'],
  lacks: table =>
    ['output', 'forward']
      .filter(hook => !table.includes(`type filter hook ${hook} `))
      .map(hook => `the table ${FENCE_TABLE} has no hook ${hook}`),
};

/** Around the pods of a node of EKS: lib/cluster/eks/fence-objects.ts. */
export const NODE: FenceKind = {
  asks: `
refused() { iptables -nvxL "$name" 2>/dev/null | awk '/REJECT/ { sum += $1 } END { print sum + 0 }'; }
table() { iptables -S FORWARD | sed -n 2p; }`,
  name: CHAIN,
  from: ['pod'],
  lacks: table => (table === `-A FORWARD -j ${CHAIN}` ? [] : [`${CHAIN} is not the first of what is forwarded`]),
};

/**
 * $1 name of the fence, $2 places, then addresses with ports. From the machine itself, and from the network of one of its pods:
 * what a pod sends is forwarded, and meets other hooks. A connection is the proof; bash makes one without another program.
 */
const PROBE = `name=$1 places=$2
shift 2
try() {
  from=$1
  shift
  for to; do
    if timeout 5 $enter bash -c 'exec 3<>"/dev/tcp/$0/$1"' "\${to%:*}" "\${to##*:}" 2>/dev/null; then seen=open; else seen=closed; fi
    echo "tried $from $to $seen"
  done
}
echo "refused $(refused)"
enter=
case $places in *machine*) try machine "$@" ;; esac
for network in /run/netns/cni-*; do
  if [ -e "$network" ]; then
    enter="nsenter --net=$network"
    try pod "$@"
    break
  fi
done
echo "refused $(refused)"
echo table
table`;

/** For /bin/sh, as root on the machine. */
export const probeScript = ({ asks, name, from }: FenceKind, { store, closed }: Tries) => ({
  script: `${asks}\n${PROBE}`,
  args: [name, from.join(), store, ...closed],
});

/** Errors: SHELL_*: nothing is known then. */
export async function probe(shell: Shell, kind: FenceKind, tries: Tries): Promise<Probed> {
  return parseProbed(await shell.run(probeScript(kind, tries), { sudo: true, timeout: minutes(2) }));
}

/** Pure. */
export function parseProbed(text: string): Probed {
  const [answers = '', table = ''] = text.split(/^table$/m);
  const lines = answers.split('\n').map(line => line.split(' '));
  const tried = lines
    .filter(([word]) => word === 'tried')
    .map(([, from = '', to = '', seen]) => ({ from, to, open: seen === 'open' }));
  const [before = 0, after = 0] = lines.filter(([word]) => word === 'refused').map(([, count]) => Number(count));
  return { tried, table: table.trim(), refused: [before, after] };
}

/** Pure. Why the fence is not proven; none: it is. */
export function fenceFlaws(
  { tried, table, refused: [before, after] }: Probed,
  { store, closed }: Tries,
  { from: places, lacks }: FenceKind = MACHINE,
): string[] {
  const reached = places.flatMap(from => {
    const open = (to: string) => tried.find(one => one.from === from && one.to === to)?.open;
    const answer = open(store);
    if (answer === undefined) return [`nothing was tried from a ${from}`];
    return [
      ...(answer ? [] : [`${store}, the store, gives a ${from} no answer`]),
      ...closed.filter(to => open(to) !== false).map(to => `${to} answers a ${from}`),
    ];
  });
  const wanted = closed.length * places.length;
  return [
    ...reached,
    ...lacks(table),
    // Closed for another reason would not be the fence's merit.
    ...(after - before >= wanted ? [] : [`the fence refused ${after - before} of ${wanted} tries`]),
  ];
}
