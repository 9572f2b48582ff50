import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Addon, addonStep } from '../../lib/addon/step.ts';
import { type AnyStep, type KubeObject, makePlan, runSteps } from '../../lib/engine/index.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { memoryGate, newEnv, newWorld } from '../engine/world.ts';
import { type MemoryCluster, memoryCluster } from './cluster-in-memory.ts';

const site = { name: 'test' } as Site;
const config = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n' },
  data: { a: '1' },
});
const workload: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'n' },
  spec: { replicas: 1, selector: { matchLabels: { app: 'web' } } },
};

const addon = (options: Partial<Addon<string[]>> = {}): Addon<string[]> => ({
  name: 'web',
  title: 'Run web',
  want: ['a'],
  objects: async want => [...want.map(config), workload],
  ...options,
});

const stepOf = (options?: Partial<Addon<string[]>>): AnyStep => ({ ...addonStep(site, addon(options)), needs: [] });
const envOf = (cluster: MemoryCluster, verb = 'bootstrap') => {
  const env = newEnv(newWorld(), '/nowhere');
  return { ...env, run: { ...env.run, verb }, ports: { ...env.ports, cluster: async () => cluster.api } };
};
/** `meanwhile` happens at the first pause: no test waits for the clock. */
const run = async (cluster: MemoryCluster, step: AnyStep, meanwhile: () => void = () => {}) => {
  cluster.writes.length = 0;
  const env = envOf(cluster);
  const clock = { ...env.ports.clock, sleep: async () => meanwhile() };
  const { changed } = await runSteps([step], { ...env, ports: { ...env.ports, clock } }, memoryGate());
  return { changed: changed.length, writes: [...cluster.writes] };
};

test('everything is applied in order, and a second run writes nothing', async () => {
  const cluster = memoryCluster();
  assert.equal(await run(cluster, stepOf()), { changed: 1, writes: ['apply ConfigMap a', 'apply Deployment web'] });
  assert.equal(await run(cluster, stepOf()), { changed: 0, writes: [] });
});

test('one changed field brings back one object', async () => {
  const cluster = memoryCluster();
  await run(cluster, stepOf());
  const live = cluster.objects.get('ConfigMap n/a');
  cluster.objects.set('ConfigMap n/a', { ...(live as KubeObject), data: { a: '2' } });
  assert.equal((await run(cluster, stepOf())).writes, ['apply ConfigMap a']);
});

test('what is no longer in the manifests is removed, and what another hand made is not', async () => {
  const cluster = memoryCluster(config('theirs'));
  await run(cluster, stepOf({ want: ['a', 'b'] }));
  assert.equal((await run(cluster, stepOf())).writes, ['remove ConfigMap b']);
  assert.ok(cluster.objects.has('ConfigMap n/theirs'));
});

test('without its want everything of it is removed, and seen gone', async () => {
  const cluster = memoryCluster(config('theirs'));
  await run(cluster, stepOf());
  const { want: _, ...gone } = stepOf();
  assert.is((await run(cluster, gone)).changed, 1);
  assert.equal([...cluster.objects.keys()], ['ConfigMap n/theirs']);
});

test('a cluster that is destroyed is not asked: it may not answer any more', async () => {
  const { want: _, ...gone } = stepOf();
  const env = envOf(memoryCluster(), 'destroy');
  const silent = { ...env, ports: { ...env.ports, cluster: () => Promise.reject(new Error('it is off')) } };
  const plan = await makePlan([gone], silent);
  assert.equal(plan.items[0]?.decision, { is: 'done', reason: 'goes with its cluster' });
});

test('what is written but does not run is not done', async () => {
  const cluster = memoryCluster();
  await run(cluster, stepOf());
  const live = cluster.objects.get('Deployment n/web') as KubeObject;
  cluster.objects.set('Deployment n/web', { ...live, status: { observedGeneration: 1 } });
  const plan = await makePlan([stepOf()], envOf(cluster));
  assert.match(JSON.stringify(plan.items[0]?.decision), /0 of 1 updated/);
});

const brought = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'n', name: 'web' };
const own = (annotations: Record<string, string>): KubeObject => ({
  ...workload,
  metadata: { ...workload.metadata, annotations },
  status: { replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
});

test('what k3s brings is seen and left alone, and nothing is applied over it', async () => {
  const cluster = memoryCluster(own({ 'objectset.rio.cattle.io/id': 'x' }));
  assert.equal(await run(cluster, stepOf({ brought })), { changed: 0, writes: [] });
});

test('until k3s has brought it, it is waited for', async () => {
  const cluster = memoryCluster();
  const plan = await makePlan([stepOf({ brought })], envOf(cluster));
  assert.match(JSON.stringify(plan.items[0]?.decision), /k3s has not brought it yet/);
  const bring = () => cluster.objects.set('Deployment n/web', own({ 'objectset.rio.cattle.io/id': 'x' }));
  assert.equal(await run(cluster, stepOf({ brought }), bring), { changed: 1, writes: [] });
});

test('a workload in k3s’s place without k3s’s mark is refused, not taken for it', async () => {
  const plan = await makePlan([stepOf({ brought })], envOf(memoryCluster(own({}))));
  assert.ok(isOpsError(plan.items[0]?.error, 'CLUSTER_REFUSED'));
});

test.run();
