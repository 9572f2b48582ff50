import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blocks, crashCounter, hopeless, jobBroken, podsOf, troubles } from '../../lib/addon/pods.ts';
import { jobFailed, rolloutOpen } from '../../lib/addon/rollout.ts';
import type { ClusterApi, KubeObject } from '../../lib/engine/index.ts';

const object = (kind: string, spec: object, status: object, generation = 2): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'x', namespace: 'n', generation },
  spec,
  status,
});

const deployed = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };

test('a deployment is rolled out when this generation’s pods are available and no old ones are left', () => {
  const of = (status: object) => rolloutOpen(object('Deployment', { replicas: 1 }, { ...deployed, ...status }));
  assert.is(of({}), undefined);
  assert.is(of({ observedGeneration: 1 }), 'Deployment n/x: not looked at yet');
  assert.is(of({ updatedReplicas: 0 }), 'Deployment n/x: 0 of 1 updated');
  assert.is(of({ replicas: 2 }), 'Deployment n/x: old pods that are still there: 1');
  assert.is(of({ availableReplicas: undefined }), 'Deployment n/x: 0 of 1 available');
});

test('a deployment without replicas is rolled out when no pod is left', () => {
  const none = { observedGeneration: 2 };
  assert.is(rolloutOpen(object('Deployment', { replicas: 0 }, none)), undefined);
  assert.ok(rolloutOpen(object('Deployment', { replicas: 0 }, { ...none, replicas: 1 })));
});

test('a stateful set counts ready pods, a daemon set those of every node', () => {
  const set = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  assert.is(rolloutOpen(object('StatefulSet', {}, { ...set, readyReplicas: 1 })), undefined);
  assert.is(rolloutOpen(object('StatefulSet', {}, set)), 'StatefulSet n/x: 0 of 1 available');
  const daemons = { observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2 };
  assert.is(rolloutOpen(object('DaemonSet', {}, { ...daemons, numberAvailable: 2 })), undefined);
  assert.is(
    rolloutOpen(object('DaemonSet', {}, { ...daemons, numberAvailable: 1 })),
    'DaemonSet n/x: 1 of 2 available',
  );
});

test('a job is done when it is complete, and a failed one says why', () => {
  const job = (type: string) => object('Job', {}, { conditions: [{ type, status: 'True', message: 'BackoffLimit' }] });
  assert.is(rolloutOpen(job('Complete')), undefined);
  assert.is(rolloutOpen(job('Suspended')), 'Job n/x: not complete');
  assert.is(jobFailed(job('Failed')), 'Job n/x failed: BackoffLimit');
  assert.is(jobFailed(job('Complete')), undefined);
});

test('what has no rollout is never open', () => {
  assert.is(rolloutOpen(object('ConfigMap', {}, {})), undefined);
});

const pod = (status: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', ...metadata },
  status,
});
const waiting = (reason: string, restartCount = 0, exitCode = 2) => ({
  containerStatuses: [
    {
      name: 'c',
      restartCount,
      state: { waiting: { reason, message: 'why' } },
      lastState: { terminated: { exitCode } },
    },
  ],
});

test('a container that waits is named with its reason; a crash loop with how it ended', () => {
  const [pull] = troubles(pod(waiting('ImagePullBackOff')));
  assert.equal([pull?.where, pull?.reason, pull?.message], ['n/p c', 'ImagePullBackOff', 'why']);
  const [crash] = troubles(pod(waiting('CrashLoopBackOff', 3, 137)));
  assert.equal([crash?.message, crash?.restarts], ['exit status 137', 3]);
});

test('a pod that no node takes is named with the scheduler’s words', () => {
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }];
  assert.equal(
    troubles(pod({ conditions })).map(({ where, message }) => [where, message]),
    [['n/p', '0/1 nodes']],
  );
});

test('a pod that nobody has said anything of is named too: a scheduler or a kubelet is not at work', () => {
  const words = (status: object) => troubles(pod({ phase: 'Pending', ...status })).map(({ message }) => message);
  assert.equal(words({}), ['no scheduler has looked at it yet']);
  const placed = { conditions: [{ type: 'PodScheduled', status: 'True' }] };
  assert.equal(words(placed), ['its kubelet has said nothing of it yet']);
  assert.equal(words({ ...placed, containerStatuses: [{ name: 'c', state: {} }] }), []);
});

test('a healthy pod, and one that is going away, have no trouble', () => {
  const running = { containerStatuses: [{ name: 'c', ready: true, state: { running: {} } }] };
  assert.equal(troubles(pod(running)), []);
  assert.equal(troubles(pod(waiting('CrashLoopBackOff', 9), { deletionTimestamp: 'now' })), []);
});

test('waiting ends at once for what cannot come right, later for what might', () => {
  const of = (reason: string, restarts: number, pulling: number) =>
    hopeless(troubles(pod(waiting(reason, restarts))), pulling, ({ restarts }) => restarts) !== undefined;
  assert.is(of('InvalidImageName', 0, 0), true);
  assert.is(of('CrashLoopBackOff', 4, 0), false);
  assert.is(of('CrashLoopBackOff', 5, 0), true);
  assert.is(of('ImagePullBackOff', 0, 30_000), false);
  assert.is(of('ImagePullBackOff', 0, 60_000), true);
  assert.is(of('ContainerCreating', 0, 600_000), false);
});

test('a crash loop is counted from the first look: the starts before a power-off were none of it', () => {
  const crashes = crashCounter();
  const after = (restarts: number) =>
    hopeless(troubles(pod(waiting('CrashLoopBackOff', restarts))), 0, crashes) !== undefined;
  assert.equal([7, 8, 9, 10, 11].map(after), [false, false, false, false, true]);
});

const listing = (...pods: KubeObject[]) => ({ list: async () => pods }) as unknown as ClusterApi;
const made = (name: string, at: number, labels: object) =>
  pod({}, { name, creationTimestamp: `2026-01-01T00:00:0${at}Z`, labels });
const names = (pods: readonly KubeObject[]) => pods.map(({ metadata }) => metadata.name);
const selected = { selector: { matchLabels: { app: 'x' } } };

test('pods of an older template say nothing of the one that is rolled out', async () => {
  const pods = [made('old', 1, { 'pod-template-hash': 'a' }), made('new', 2, { 'pod-template-hash': 'b' })];
  const of = async (status: object) => podsOf(listing(...pods), object('Deployment', selected, status));
  assert.equal(names((await of({ observedGeneration: 2, updatedReplicas: 1 })).current), ['new']);
  assert.equal(names((await of({ observedGeneration: 2, updatedReplicas: 1 })).old), ['old']);
  assert.equal((await of({ observedGeneration: 2 })).current, []);
  assert.equal((await of({ observedGeneration: 1, updatedReplicas: 1 })).current, []);
});

test('a stateful set’s pods are told apart by revision', async () => {
  const pods = [
    made('x-0', 1, { 'controller-revision-hash': 'a' }),
    made('x-1', 2, { 'controller-revision-hash': 'b' }),
  ];
  const status = { observedGeneration: 2, updateRevision: 'b' };
  const { current, old } = await podsOf(listing(...pods), object('StatefulSet', selected, status));
  assert.equal([names(current), names(old)], [['x-1'], ['x-0']]);
});

test('a job that failed ends with the last words of its newest pod', async () => {
  const api = {
    list: async () => [made('first', 1, {}), made('last', 2, {})],
    raw: async (path: string) => `words of ${path.split('/')[6]}\ncannot go further\n`,
  } as unknown as ClusterApi;
  const conditions = [{ type: 'Failed', status: 'True', message: 'backoff limit' }];
  const error = await jobBroken(api, object('Job', selected, { conditions }));
  assert.is(error.code, 'WORKLOAD_BROKEN');
  assert.is(error.message, 'cannot go on: Job n/x failed: backoff limit: cannot go further');
  assert.equal(error.details, ['words of last']);
});

test('of a log that ended a container, its trouble has the last line', () => {
  const terminated = { exitCode: 1, reason: 'Error', message: 'first\nlast\n' };
  const [trouble] = troubles(pod({ containerStatuses: [{ name: 'c', state: { terminated } }] }));
  assert.is(trouble?.message, 'exit status 1: last');
});

test('only a broken pod of a stateful set stands in the way of its next template', () => {
  const bad = pod(waiting('CrashLoopBackOff', 1));
  assert.is(blocks(object('StatefulSet', {}, {}), bad), true);
  assert.is(blocks(object('Deployment', {}, {}), bad), false);
  assert.is(blocks(object('StatefulSet', {}, {}), pod(waiting('ContainerCreating'))), false);
});

test.run();
