import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addonSteps } from '../../lib/addon/index.ts';
import type { K3sArtifacts } from '../../lib/cluster/index.ts';
import { k3sSteps } from '../../lib/cluster/k3s/steps.ts';
import { makePlan, orderSteps, type Probe } from '../../lib/engine/index.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import type { Provider } from '../../lib/host/provider.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { make, newEnv, newWorld } from '../engine/world.ts';

const host = { name: 'server-1', role: 'server', cpus: 1, memory: 1, disk: 1 } as const;
const site = {
  name: 'test',
  hosts: [host],
  cluster: { kind: 'k3s', version: 'v1.36.3+k3s-lab' },
  addons: { coredns: true, 'local-path': true, 'metrics-server': true },
} as unknown as Site;

const providerOf = (owned: boolean) =>
  ({
    owned,
    steps: () => [{ ...make(newWorld(), 'machine.up'), target: { site: 'test', kind: 'host', name: 'server-1' } }],
    endpoint: async () => ({ address: '127.0.0.1', port: 1 }),
    nodeAddress: () => undefined,
  }) as unknown as Provider;

const file = { path: '/nowhere', sha256: 'a'.repeat(64), images: ['x/y:1'] };
const artifact = { needs: [], find: async () => ({ needed: true as const, local: file }), have: async () => file };
const artifacts: K3sArtifacts = {
  binary: artifact,
  archives: [{ ...artifact, id: 'k3s.images', file: 'x.tar' }],
  pause: async () => undefined,
};
const steps = (owned = false) => [
  ...providerOf(owned).steps(site, site.hosts),
  ...k3sSteps(site, providerOf(owned), artifacts),
  ...addonSteps(site, { images: async () => ({}) }),
];

/** Facts that count in how many turns of the event loop they were asked: each is one exec on the host. */
function turns() {
  const seen = { turns: 0, asked: [] as string[] };
  let open = false;
  const ask = async <T>(_: string, probe: Probe<T>): Promise<T> => {
    seen.asked.push(probe.id);
    if (!open) {
      open = true;
      seen.turns++;
      setImmediate(() => {
        open = false;
      });
    }
    return probe.parse('', 0);
  };
  return { seen, facts: { ask, forget: () => {} } };
}

test('all that a plan asks of a host is asked in one turn: a no-op is one exec a host', async () => {
  const { seen, facts } = turns();
  const env = newEnv(newWorld(), '/nowhere');
  const secrets = { ...env.ports.secrets, get: async () => undefined };
  await makePlan(steps(), { ...env, ports: { ...env.ports, facts, secrets } });
  const expected = ['packages', 'k3s.kernel', 'k3s.binary', 'k3s.images', 'k3s.config', 'k3s.service', 'k3s.yaml'];
  for (const id of [...expected, 'coredns.upstream'])
    assert.ok(
      seen.asked.some(asked => asked.startsWith(id)),
      `${id} is not among ${seen.asked}`,
    );
  assert.is(seen.turns, 1);
});

test('the machine is first, then the files, then the service, its kubeconfig, the cluster, and what runs on it', () => {
  const order = orderSteps(steps()).steps.map(({ id }) => id);
  const before = (a: string, b: string) => assert.ok(order.indexOf(a) < order.indexOf(b), `${a} after ${b}`);
  const chain = [
    'machine.up',
    'k3s.binary',
    'k3s.config',
    'k3s.service',
    'k3s.kubeconfig',
    'cluster.ready',
    'addon.coredns',
  ];
  for (const [at, id] of chain.slice(1).entries()) before(chain[at] ?? '', id);
  for (const id of ['k3s.packages', 'k3s.kernel', 'k3s.images']) before(id, 'k3s.service');
});

test('a machine of ours that is destroyed is not asked what is on it; a host that somebody brought is', async () => {
  for (const owned of [true, false]) {
    const { seen, facts } = turns();
    const env = newEnv(newWorld(), '/nowhere');
    const gone = k3sSteps(site, providerOf(owned), artifacts).map(({ want: _, ...step }) => ({ ...step, needs: [] }));
    await makePlan(gone, { ...env, run: { ...env.run, verb: 'destroy' }, ports: { ...env.ports, facts } });
    assert.is(seen.asked.length > 0, !owned);
  }
});

test('more than one server is refused, not half built', () => {
  const two = { ...site, hosts: [host, { ...host, name: 'server-2' }] };
  const error = (() => {
    try {
      return k3sSteps(two, providerOf(false), artifacts);
    } catch (thrown) {
      return thrown;
    }
  })();
  assert.ok(isOpsError(error, 'INVENTORY_INVALID'));
  assert.match(error.message, /got server server-1, server server-2, expected one server/);
});

test.run();
