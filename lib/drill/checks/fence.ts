import { createServer, type Server } from 'node:net';
import type { CheckResult } from '../../backup/index.ts';
import type { Shell } from '../../engine/index.ts';
import { oneLine } from '../../errors/index.ts';
import { FENCE_COUNTER, FENCE_TABLE } from '../../host/index.ts';
import { minutes } from '../../time/index.ts';
import type { Drill } from '../scenario.ts';

/** What was tried from inside, and what the fence says of itself. */
export interface Probed {
  tried: { from: string; to: string; open: boolean }[];
  /** nft list table, as text; '' when there is none. */
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

/**
 * $1 table, $2 counter, then addresses with ports. From the machine itself, and from the network of one of its pods: what a
 * pod sends is forwarded, and meets other hooks. A connection is the proof; bash makes one without another program.
 */
export const PROBE = `table=$1 counter=$2
shift 2
refused() { nft list counter inet "$table" "$counter" 2>/dev/null | sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'; }
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
try machine "$@"
for network in /run/netns/cni-*; do
  if [ -e "$network" ]; then
    enter="nsenter --net=$network"
    try pod "$@"
    break
  fi
done
echo "refused $(refused)"
echo table
nft list table inet "$table" 2>/dev/null || true`;

/** Errors: SHELL_*: nothing is known then. */
export async function probe(shell: Shell, { store, closed }: Tries): Promise<Probed> {
  const args = [FENCE_TABLE, FENCE_COUNTER, store, ...closed];
  return parseProbed(await shell.run({ script: PROBE, args }, { sudo: true, timeout: minutes(2) }));
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
export function fenceFlaws({ tried, table, refused: [before, after] }: Probed, { store, closed }: Tries): string[] {
  const places = ['machine', 'pod'].flatMap(from => {
    const open = (to: string) => tried.find(one => one.from === from && one.to === to)?.open;
    const answer = open(store);
    if (answer === undefined) return [`nothing was tried from a ${from}`];
    return [
      ...(answer ? [] : [`${store}, the store, gives a ${from} no answer`]),
      ...closed.filter(to => open(to) !== false).map(to => `${to} answers a ${from}`),
    ];
  });
  const hooks = ['output', 'forward'].filter(hook => !table.includes(`type filter hook ${hook} `));
  return [
    ...places,
    ...hooks.map(hook => `the table ${FENCE_TABLE} has no hook ${hook}`),
    // Closed for another reason would not be the fence's merit.
    ...(after - before >= closed.length * 2
      ? []
      : [`the fence refused ${after - before} of ${closed.length * 2} tries`]),
  ];
}

/** L0 of a rehearsal: before any data is there, what must not be reached is tried, and the store answers. */
export async function fenceResult(drill: Drill): Promise<CheckResult> {
  const about = {
    id: 'site.fence',
    title: 'Nothing but the store is reached from inside',
    source: 'site',
    level: 'L0',
    required: true,
    expected: 'from the machine and from a pod: the store answers, the source and this computer do not',
  } as const;
  const door = await openDoor();
  try {
    const tries = whatToTry(drill, door.port);
    const { target } = drill;
    const flaws: string[] = [];
    for (const { name } of target.site.hosts) {
      const found = fenceFlaws(await probe(await target.ports.shell(name), tries), tries);
      flaws.push(...found.map(flaw => `${name}: ${flaw}`));
    }
    const writes = (await target.ports.secrets.list()).filter(name => /^store\/(site|admin)-/.test(name));
    flaws.push(...writes.map(name => `the target has ${name}, which writes`));
    if (door.came() > 0) flaws.push(`a port of this computer was reached ${door.came()} times`);
    if (flaws.length === 0) return { ...about, state: 'passed', got: `${tries.closed.length} ports refused, each` };
    return { ...about, state: 'unrun', code: 'FENCE_OPEN', got: flaws[0] ?? '', details: flaws };
  } catch (error) {
    return { ...about, state: 'unrun', code: 'FENCE_OPEN', got: `not proven: ${oneLine(error)}` };
  } finally {
    door.close();
  }
}

/**
 * The ways into the source's machines, and a door that certainly is open. From a cloud this computer cannot be reached, and
 * the store can: there it is another port of the store's address, to which everything but the fence lets through.
 */
function whatToTry({ target: { provider, rehearsal }, beside }: Drill, door: number): Tries {
  if (!beside) throw new Error('which ways lead to the source was not said');
  const { gateway } = provider;
  if (!rehearsal) throw new Error('what the fence lets through was not said');
  const { address, port } = rehearsal.store;
  return { store: `${address}:${port}`, closed: [...beside.ways, `${gateway ?? address}:${door}`] };
}

interface Door {
  port: number;
  /** Connections that came through it. */
  came(): number;
  close(): void;
}

/** On this computer's loopback, where the source's forwards are too. */
function openDoor(): Promise<Door> {
  return new Promise((resolve, reject) => {
    let came = 0;
    const server: Server = createServer(socket => {
      came++;
      socket.destroy();
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      resolve({ port, came: () => came, close: () => void server.close() });
    });
  });
}
