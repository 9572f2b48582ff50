import type { Path, Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

type Host = Inventory['hosts'][number];

export function checkHosts({ hosts, provider }: Inventory): Problem[] {
  return hosts.flatMap((host, index) => [
    ...checkUnique(hosts, host, index),
    ...checkRole(hosts, host, index),
    ...checkProvider(provider.kind, host, ['hosts', index]),
  ]);
}

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
