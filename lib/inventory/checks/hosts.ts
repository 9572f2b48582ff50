import type { Path, Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

type Host = Inventory['hosts'][number];

export function checkHosts({ hosts, provider, cluster }: Inventory): Problem[] {
  if (cluster.kind === 'eks') return [];
  if (hosts.length === 0) return [{ path: ['hosts'], got: 'an empty list', expected: 'at least one entry' }];
  return hosts.flatMap((host, index) => [
    ...checkUnique(hosts, host, index),
    ...checkRole(hosts, host, index),
    ...checkSize(provider.kind, host, ['hosts', index]),
    ...checkProvider(provider.kind, host, ['hosts', index]),
  ]);
}

/** A cloud sells sizes by name; elsewhere they are numbers. */
function checkSize(kind: Inventory['provider']['kind'], host: Host, path: Path): Problem[] {
  const numbers = ['cpus', 'memory'] as const;
  const [wanted, foreign] = kind === 'ec2' ? [['instance'] as const, numbers] : [numbers, ['instance'] as const];
  const instead = kind === 'ec2' ? 'none: the instance type says it' : 'none: only provider ec2 has it';
  return [
    ...wanted
      .filter(key => host[key] === undefined)
      .map(key => ({ path: [...path, key], got: 'nothing', expected: EXPECTED[key] })),
    ...foreign
      .filter(key => host[key] !== undefined)
      .map(key => ({ path: [...path, key], got: key, expected: instead, at: 'key' as const })),
  ];
}

const EXPECTED = {
  instance: 'an instance type like t3.large',
  cpus: 'a whole number',
  memory: 'a size like 4GiB',
} as const;

function checkUnique(hosts: readonly Host[], host: Host, index: number): Problem[] {
  const first = hosts.findIndex(other => other.name === host.name);
  if (first === index) return [];
  return [
    {
      path: ['hosts', index, 'name'],
      got: `${host.name} again`,
      expected: `a name of its own: hosts[${first}] has it`,
    },
  ];
}

/** One server is what this version builds. More of either role comes with high availability, and says so until then. */
function checkRole(hosts: readonly Host[], host: Host, index: number): Problem[] {
  const path = ['hosts', index, 'role'];
  const expected = 'exactly one server: this version builds one machine; agents and more servers come later';
  if (host.role === 'agent') return [{ path, got: 'an agent', expected }];
  return hosts.findIndex(other => other.role === 'server') === index
    ? []
    : [{ path, got: 'one more server', expected }];
}

const ONLY_EXISTING = ['address', 'ssh', 'ports'] as const;

function checkProvider(kind: Inventory['provider']['kind'], host: Host, path: Path): Problem[] {
  if (kind === 'existing')
    return (['address', 'ssh'] as const)
      .filter(key => host[key] === undefined)
      .map(key => ({
        path: [...path, key],
        got: 'nothing',
        expected: `one: provider existing has nothing else to find the host by`,
      }));
  return ONLY_EXISTING.filter(key => host[key] !== undefined).map(key => ({
    path: [...path, key],
    got: `${key} for a machine that ${kind} makes`,
    expected: 'none: only provider existing has it',
    at: 'key',
  }));
}
