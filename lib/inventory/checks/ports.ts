import { formatPath, type Path, type Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

interface Taken {
  path: Path;
  address: string;
  port: number;
}

export function checkPorts(inventory: Inventory): Problem[] {
  const first = new Map<string, Path>();
  return [...forwards(inventory), ...ofHosts(inventory)].flatMap(({ path, address, port }) => {
    const key = `${address.toLowerCase()} ${port}`;
    const owner = first.get(key);
    if (owner === undefined) {
      first.set(key, path);
      return [];
    }
    return [{ path, got: String(port), expected: `a port of its own on ${address}: ${formatPath(owner)} has it` }];
  });
}

/** The forwards of machines that muster makes are on the loopback of this computer. */
const forwards = ({ provider }: Inventory): Taken[] =>
  'ports' in provider ? taken(['provider', 'ports'], '127.0.0.1', provider.ports ?? {}) : [];

const ofHosts = ({ provider, hosts }: Inventory): Taken[] =>
  hosts.flatMap((host, index) => {
    if (provider.kind !== 'existing' || host.address === undefined) return [];
    const path = ['hosts', index];
    const ssh: Taken[] = host.ssh
      ? [{ path: [...path, 'ssh', 'port'], address: host.address, port: host.ssh.port }]
      : [];
    return [...ssh, ...taken([...path, 'ports'], host.address, host.ports ?? {})];
  });

const taken = (path: Path, address: string, ports: Record<string, number | undefined>): Taken[] =>
  Object.entries(ports).flatMap(([name, port]) =>
    port === undefined ? [] : [{ path: [...path, name], address, port }],
  );
