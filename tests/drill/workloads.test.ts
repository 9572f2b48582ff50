import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { workloadResults } from '../../lib/drill/checks/workloads.ts';
import type { Drill } from '../../lib/drill/scenario.ts';
import type { KubeObject } from '../../lib/engine/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { memoryCluster } from '../addon/cluster-in-memory.ts';

const test = suite('what others ran');

const deployment = (availableReplicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'team', generation: 1 },
  spec: { replicas: 1, selector: { matchLabels: { app: 'web' } } },
  status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas },
});
const pod = (reason: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'team', labels: { app: 'web' } },
  status: { containerStatuses: [{ name: 'main', ready: false, state: { waiting: { reason } } }] },
});

/** Time passes in sleeps only. */
async function seen(mode: Drill['mode'], namespaces: string[], ...objects: KubeObject[]) {
  let now = 0;
  const sleep = async (ms: number) => {
    now += ms;
  };
  const facts = {
    objects: [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team', name: 'web', sha256: '' }],
    volumes: [],
  };
  const drill = {
    mode,
    set: { manifest: { sources: [{ source: 'velero', facts }] } },
    target: {
      site: { name: 'test' },
      signal: new AbortController().signal,
      ports: {
        cluster: async () => memoryCluster(...objects).api,
        clock: { ...systemClock, monotonic: () => now, sleep },
      },
    },
  } as unknown as Drill;
  const results = await workloadResults(drill, namespaces);
  return { results, seconds: now / 1000 };
}

test('runs again when all of its pods are ready; where nothing ran nothing is claimed', async () => {
  const { results } = await seen('destroy', ['team', 'empty'], deployment(1));
  assert.equal(
    results.map(({ id, state, required }) => [id, state, required]),
    [['workloads.team', 'passed', true]],
  );
});

test('is waited for, and then it is broken, with what its pods say', async () => {
  const { results, seconds } = await seen('destroy', ['team'], deployment(0), pod('ImagePullBackOff'));
  assert.equal([results[0]?.state, results[0]?.code, seconds], ['failed', 'WORKLOAD_BROKEN', 300]);
  assert.match(results[0]?.details?.join('\n') ?? '', /0 of 1 available\nteam\/web-1 main: ImagePullBackOff/);
});

test('is not waited for where waiting does not help', async () => {
  const { results, seconds } = await seen('destroy', ['team'], deployment(0), pod('CreateContainerConfigError'));
  assert.equal([results[0]?.state, seconds], ['failed', 0]);
});

test('behind the fence of a rehearsal nothing is told of it: no image comes through', async () => {
  const { results } = await seen('rehearse', ['team'], deployment(0), pod('ImagePullBackOff'));
  assert.equal([results[0]?.state, results[0]?.required, results[0]?.code], ['unrun', false, 'CHECK_UNRUN']);
  assert.is((await seen('rehearse', ['team'], deployment(1))).results[0]?.state, 'passed');
});

test.run();
