import { isRecord } from '../cluster/index.ts';
import type { ClusterApi, KubeObject } from '../engine/index.ts';
import { OpsError, oneLine } from '../errors/index.ts';
import { jobFailed } from './rollout.ts';

/** A container that does not run as it should. */
export interface Trouble {
  /** 'kube-system/coredns-7d4 coredns'. */
  where: string;
  namespace: string;
  pod: string;
  container: string;
  reason: string;
  message: string;
  restarts: number;
}

/** Waiting does not help against these: the object itself must change. */
const FINAL = ['InvalidImageName', 'ErrImageNeverPull', 'CreateContainerConfigError', 'RunContainerError'];
/** Starts that ended by themselves, since the wait began, until a crash loop counts as one that stays: two to three minutes. */
const CRASHES = 5;

/** The pods that a workload's present template made, and those of older ones. */
export interface Pods {
  current: KubeObject[];
  old: KubeObject[];
}

export async function podsOf(api: ClusterApi, workload: KubeObject): Promise<Pods> {
  const { metadata, spec } = workload;
  const selector = isRecord(spec) && isRecord(spec.selector) ? spec.selector.matchLabels : undefined;
  if (!isRecord(selector) || metadata.namespace === undefined) return { current: [], old: [] };
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const all = await api.list({ apiVersion: 'v1', kind: 'Pod', namespace: metadata.namespace, labelSelector });
  const label = isCurrent(workload, all);
  return { current: all.filter(label), old: all.filter(pod => !label(pod)) };
}

/** A pod that is broken because of the template before says nothing of the one that is rolled out. */
function isCurrent({ kind, metadata, status }: KubeObject, all: readonly KubeObject[]): (pod: KubeObject) => boolean {
  // A Job has no generation that it looked at: another Job is what another template makes.
  if (kind === 'Job') return () => true;
  const known = isRecord(status) ? status : {};
  if (Number(known.observedGeneration ?? 0) < (metadata.generation ?? 0)) return () => false;
  if (kind === 'StatefulSet') return pod => pod.metadata.labels?.['controller-revision-hash'] === known.updateRevision;
  if (kind !== 'Deployment') return () => true;
  if (!known.updatedReplicas) return () => false;
  const made = (pod: KubeObject) => String(pod.metadata.creationTimestamp);
  const newest = [...all].sort((a, b) => (made(a) < made(b) ? 1 : -1))[0];
  return pod => pod.metadata.labels?.['pod-template-hash'] === newest?.metadata.labels?.['pod-template-hash'];
}

/** What a person would read in `kubectl describe`: the containers that wait or ended, the unplaced pods. */
export function troubles(pod: KubeObject): Trouble[] {
  const status = isRecord(pod.status) ? pod.status : {};
  const { name, namespace = '' } = pod.metadata;
  if (pod.metadata.deletionTimestamp !== undefined) return [];
  const at = { namespace, pod: name };
  const found = [...records(status.initContainerStatuses), ...records(status.containerStatuses)].flatMap(entry => {
    const container = String(entry.name);
    const why = reasonOf(entry);
    const where = `${namespace}/${name} ${container}`;
    return why ? [{ ...at, container, where, ...why, restarts: Number(entry.restartCount ?? 0) }] : [];
  });
  if (found.length > 0) return found;
  const placed = records(status.conditions).find(({ type }) => type === 'PodScheduled');
  const silent = (reason: string, message: string) => [
    { ...at, container: '', where: `${namespace}/${name}`, reason, message, restarts: 0 },
  ];
  if (placed?.status === 'False') return silent(String(placed.reason), String(placed.message ?? ''));
  if (status.phase !== 'Pending' || status.containerStatuses !== undefined) return [];
  return silent('Pending', placed ? 'its kubelet has said nothing of it yet' : 'no scheduler has looked at it yet');
}

function reasonOf(entry: Record<string, unknown>): { reason: string; message: string } | undefined {
  const state = isRecord(entry.state) ? entry.state : {};
  const last = isRecord(entry.lastState) && isRecord(entry.lastState.terminated) ? entry.lastState.terminated : {};
  const { waiting, terminated, running } = state;
  if (isRecord(waiting)) {
    const message = waiting.reason === 'CrashLoopBackOff' ? ended(last) : String(waiting.message ?? '');
    return { reason: String(waiting.reason), message };
  }
  if (isRecord(terminated) && terminated.exitCode !== 0)
    return { reason: String(terminated.reason), message: ended(terminated) };
  if (isRecord(running) && entry.ready === false)
    return { reason: 'NotReady', message: 'runs, and its probe does not pass yet' };
  return undefined;
}

/** Of a log that the kubelet took as the message, the last line. */
const ended = ({ exitCode, message }: Record<string, unknown>) =>
  `exit status ${exitCode}${message ? `: ${String(message).trim().split('\n').at(-1)}` : ''}`;

/**
 * undefined: it may still come right. `pulling`: for how long an image that cannot be had has been seen, milliseconds.
 * `crashes`: since the wait began; a container's own count has every power-off of its machine in it.
 */
export function hopeless(
  all: readonly Trouble[],
  pulling: number,
  crashes: (trouble: Trouble) => number,
): Trouble | undefined {
  return all.find(
    trouble =>
      FINAL.includes(trouble.reason) ||
      (trouble.reason === 'CrashLoopBackOff' && crashes(trouble) >= CRASHES) ||
      (isPull(trouble.reason) && pulling >= PULL_PATIENCE),
  );
}

/** Kubernetes leaves a StatefulSet's broken pod of an older template where it is, and the new template waits for it. */
export const blocks = (workload: KubeObject, pod: KubeObject): boolean =>
  workload.kind === 'StatefulSet' &&
  troubles(pod).some(({ reason }) => BLOCKING.includes(reason) || FINAL.includes(reason));

const BLOCKING = ['CrashLoopBackOff', 'ImagePullBackOff', 'ErrImagePull'];

/** An image may still be on its way: the archive is imported while the first pods start. */
const PULL_PATIENCE = 45_000;
export const isPull = (reason: string): boolean => reason === 'ImagePullBackOff' || reason === 'ErrImagePull';

/** WORKLOAD_BROKEN with the last lines of the container. */
export async function broken(api: ClusterApi, { namespace, pod, container, where, reason, message }: Trouble) {
  const log = async (previous: boolean) => {
    const query = new URLSearchParams({ container, tailLines: '10', previous: String(previous) });
    return api.raw(`/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`).catch(error => oneLine(error));
  };
  const details = reason === 'CrashLoopBackOff' ? (await log(true)).trimEnd().split('\n') : [];
  return new OpsError('WORKLOAD_BROKEN', `cannot get ${where} to run: ${reason}: ${message}`, {
    hint: `kubectl -n ${namespace} describe pod ${pod}`,
    details,
  });
}

/** WORKLOAD_BROKEN with the last line that the job's newest pod wrote: its own words say more than a condition. */
export async function jobBroken(api: ClusterApi, job: KubeObject): Promise<OpsError> {
  const made = (pod: KubeObject) => String(pod.metadata.creationTimestamp);
  const { current } = await podsOf(api, job);
  const pod = current.sort((a, b) => (made(a) < made(b) ? 1 : -1))[0]?.metadata;
  const path = pod && `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log?tailLines=10`;
  const log = path ? (await api.raw(path).catch(error => oneLine(error))).trimEnd().split('\n') : [];
  return new OpsError('WORKLOAD_BROKEN', `cannot go on: ${jobFailed(job)}: ${log.at(-1) ?? 'its pods are gone'}`, {
    hint: `kubectl -n ${job.metadata.namespace} describe job ${job.metadata.name}`,
    details: log.slice(0, -1),
  });
}

const records = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : []);

/** Counts a container's starts from where it is first seen in trouble; one of its crashes has been by then. */
export function crashCounter(): (trouble: Trouble) => number {
  const first = new Map<string, number>();
  return ({ where, restarts }) => {
    const from = first.get(where) ?? restarts;
    first.set(where, from);
    return restarts - from + 1;
  };
}
