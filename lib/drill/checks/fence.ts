import { createServer, type Server } from 'node:net';
import type { CheckResult } from '../../backup/index.ts';
import { FENCE_WINDOW, nodeShell } from '../../cluster/index.ts';
import type { ClusterApi, Shell } from '../../engine/index.ts';
import { isOpsError, oneLine } from '../../errors/index.ts';
import { FENCE_TABLE } from '../../host/index.ts';
import type { OpenSite } from '../../site/index.ts';
import type { Drill } from '../scenario.ts';
import { type FenceKind, fenceFlaws, MACHINE, NODE, probe, type Tries } from './fence-probe.ts';

/** L0 of a rehearsal: before any data is there, what must not be reached is tried, and the store answers. */
export async function fenceResult(drill: Drill): Promise<CheckResult> {
  const about = {
    id: 'site.fence',
    title: 'Nothing but the store is reached from inside',
    source: 'site',
    level: 'L0',
    required: true,
    expected: 'from where data is restored the store answers, and the source and this computer do not',
  } as const;
  const door = await openDoor();
  try {
    const tries = whatToTry(drill, door.port);
    const { target } = drill;
    const flaws: string[] = [];
    const { kind, shells } = await fencedOf(target);
    if (shells.length === 0) flaws.push('there is nothing that is fenced');
    if (kind === NODE) flaws.push(...(await pastTheFence(await target.ports.cluster(target.site.name))));
    for (const shell of shells) {
      const found = fenceFlaws(await probe(shell, kind, tries), tries, kind);
      flaws.push(...found.map(flaw => `${shell.host}: ${flaw}`));
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

/** What the fence is around, as root. */
async function fencedOf({ site, ports, masker }: OpenSite): Promise<{ kind: FenceKind; shells: Shell[] }> {
  if (site.cluster.kind !== 'eks')
    return { kind: MACHINE, shells: await Promise.all(site.hosts.map(({ name }) => ports.shell(name))) };
  const cluster = () => ports.cluster(site.name);
  const nodes = await (await cluster()).list({ apiVersion: 'v1', kind: 'Node' });
  return {
    kind: NODE,
    shells: nodes.map(({ metadata }) => nodeShell(metadata.name, FENCE_WINDOW, cluster, masker)),
  };
}

/** A pod with the network of its node is not forwarded: whether one is let in is tried. */
async function pastTheFence(api: ClusterApi): Promise<string[]> {
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: `${FENCE_TABLE}-probe` };
  const { apiVersion, kind, ...metadata } = ref;
  const containers = [{ name: 'probe', image: 'nowhere.invalid/nothing' }];
  try {
    await api.apply({ apiVersion, kind, metadata, spec: { hostNetwork: true, containers } });
  } catch (error) {
    if (isOpsError(error, 'CLUSTER_REFUSED') && error.message.includes(`ValidatingAdmissionPolicy '${FENCE_TABLE}'`))
      return [];
    throw error;
  }
  await api.remove(ref);
  return ["a pod with its node's network is let in"];
}

/**
 * The ways into the source's machines, and a door that certainly is open. From a cloud this computer cannot be reached, and
 * the store can: there it is another port of the store's address, to which everything but the fence lets through.
 */
function whatToTry({ target: { provider, rehearsal }, beside }: Drill, door: number): Tries {
  if (!beside) throw new Error('which ways lead to the source was not said');
  const { gateway } = provider;
  if (!rehearsal) throw new Error('what the fence lets through was not said');
  const { address, port } = rehearsal.fence.store;
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
