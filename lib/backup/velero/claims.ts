import type { ClusterApi, KubeObject } from '../../engine/index.ts';
import { type Locate, onHost, type Place, record, records } from './where.ts';

/** Of the declared namespaces, as the API gives them. */
export interface Seen {
  claims: readonly KubeObject[];
  volumes: readonly KubeObject[];
  pods: readonly KubeObject[];
}

/** A claim whose recovery another source owns: Velero leaves the pods that mount it out. */
export interface Covered {
  namespace: string;
  claim: string;
  by: string;
  /** Of the pod that mounts it. */
  pod: string;
}

/** A claim that Velero reads through a pod. */
export interface Expected {
  namespace: string;
  claim: string;
  pod: string;
  /** Of the pod's spec. */
  volume: string;
  /** Where its files lie; undefined: not on a host's disk, so only kopia can read them. */
  at?: Place;
}

export interface Coverage {
  expected: Expected[];
  excluded: { namespace: string; claim: string; coveredBy: string }[];
  /** 'app/avatars: ... : what to do'. */
  uncovered: string[];
}

/** Of the pod of a Job, which restored would do its work again. */
export const OF_JOB = 'batch.kubernetes.io/job-name';
/** Of the application's own pods, beside what each of them is: others may have parts of the same names. */
export const OF_APP = { key: 'app.kubernetes.io/part-of', value: 'users' } as const;
/** Its workload is kept at 0: a pod would be removed while its volume is still being filled. */
export const HEARTBEAT = { key: 'app.kubernetes.io/component', value: 'heartbeat' } as const;

/** Pods that no restore brings back. */
const isNotRestored = ({ metadata: { labels = {} } }: KubeObject): boolean =>
  OF_JOB in labels || [OF_APP, HEARTBEAT].every(({ key, value }) => labels[key] === value);

const EXCLUDED_VOLUMES = 'backup.velero.io/backup-volumes-excludes';
const EXCLUDE = 'velero.io/exclude-from-backup';

/** What Velero would skip and call Completed is uncovered: hostPath, block, no running pod, excluded by hand. */
export function coverageOf(
  { claims, volumes, pods }: Seen,
  covered: readonly Covered[],
  locate: Locate = ({ spec }) => onHost(record(spec)),
): Coverage {
  const coverage: Coverage = { expected: [], excluded: [], uncovered: [] };
  for (const claim of claims) {
    const { name, namespace = '' } = claim.metadata;
    const other = covered.find(entry => entry.namespace === namespace && entry.claim === name);
    const volume = volumes.find(({ metadata }) => metadata.name === record(claim.spec).volumeName);
    if (other) coverage.excluded.push({ namespace, claim: name, coveredBy: other.by });
    // Nothing was ever written where nothing is bound.
    else if (!volume) continue;
    else {
      const found = readable(claim, volume, pods, locate);
      if (typeof found === 'string') coverage.uncovered.push(`${namespace}/${name}: ${found}`);
      else coverage.expected.push(found);
    }
  }
  coverage.uncovered.push(...pods.flatMap(hostFolders));
  return coverage;
}

/** Everything that coverageOf asks for. */
export async function seeClaims(api: ClusterApi, namespaces: readonly string[]): Promise<Seen> {
  const each = (kind: string) =>
    Promise.all(namespaces.map(namespace => api.list({ apiVersion: 'v1', kind, namespace }))).then(lists =>
      lists.flat(),
    );
  const [claims, pods, volumes] = await Promise.all([
    each('PersistentVolumeClaim'),
    each('Pod'),
    api.list({ apiVersion: 'v1', kind: 'PersistentVolume' }),
  ]);
  return { claims, pods, volumes };
}

/** Folders of its host that a pod writes into, past every claim. Velero says nothing of them. */
function hostFolders(pod: KubeObject): string[] {
  const { name, namespace = '', annotations = {} } = pod.metadata;
  const left = (annotations[EXCLUDED_VOLUMES] ?? '').split(',').map(entry => entry.trim());
  const written = new Set(mountsOf(pod).flatMap(mount => (mount.readOnly === true ? [] : String(mount.name))));
  return records(record(pod.spec).volumes).flatMap(volume => {
    const path = record(volume.hostPath).path;
    if (path === undefined || !written.has(String(volume.name)) || left.includes(String(volume.name))) return [];
    const instead = `use a claim, or, where nothing of it is wanted back, name ${volume.name} in ${EXCLUDED_VOLUMES}`;
    return `${namespace}/${name}: it writes into ${path} of its host, which Velero skips: ${instead}`;
  });
}

/** What postgres recovers, when the site has it as a source. Its volume is empty until pgBackRest has filled it. */
export const coveredBy = (sources: readonly string[]): Covered[] =>
  sources.includes('postgres') ? [{ namespace: 'app', claim: 'postgres-data', by: 'postgres', pod: 'postgres-0' }] : [];

/** How Velero reads it, or why it does not, with what to do. */
function readable(
  claim: KubeObject,
  volume: KubeObject,
  pods: readonly KubeObject[],
  locate: Locate,
): Expected | string {
  const { name, namespace = '', labels } = claim.metadata;
  const spec = record(volume.spec);
  if (spec.hostPath !== undefined)
    return 'a hostPath volume, which Velero skips: copy it into a volume of a class with defaultVolumeType: local';
  if (spec.volumeMode === 'Block')
    return 'a block volume, which Velero skips: give it a file system, or a source of its own';
  if (labels?.[EXCLUDE] === 'true') return `its label ${EXCLUDE} leaves it out, and no other source takes it`;
  const users = usersOf(claim, pods);
  const running = users.filter(({ status }) => record(status).phase === 'Running');
  const readers = running.filter(pod => !isLeftOut(pod, name));
  const stray = readers.find(isNotRestored);
  // Velero reads a volume through any one of its pods; a snapshot of this one would come back with nobody.
  if (stray) return `${stray.metadata.name} mounts it, a pod that no restore brings back: wait until it has ended`;
  const reader = readers[0];
  const volumeName = reader && volumeOf(reader, name);
  if (!reader || volumeName === undefined) {
    if (running.length > 0)
      return 'its pod leaves it out (annotation, label, or no mount), and no other source takes it';
    const states = users.map(pod => `${pod.metadata.name} is ${record(pod.status).phase}`).join(', ');
    return `no running pod mounts it (${states || 'there is none'}): start one, or delete the claim`;
  }
  const at = locate(volume, reader);
  return { namespace, claim: name, pod: reader.metadata.name, volume: volumeName, ...(at && { at }) };
}

/** Pods whose spec names the claim. */
export const usersOf = ({ metadata: { name, namespace } }: KubeObject, pods: readonly KubeObject[]): KubeObject[] =>
  pods.filter(pod => pod.metadata.namespace === namespace && volumeOf(pod, name) !== undefined);

/** The name that a pod's spec gives to a claim. */
function volumeOf(pod: KubeObject, claim: string): string | undefined {
  const found = records(record(pod.spec).volumes).find(
    ({ persistentVolumeClaim }) => record(persistentVolumeClaim).claimName === claim,
  );
  return found && String(found.name);
}

function isLeftOut(pod: KubeObject, claim: string): boolean {
  const name = volumeOf(pod, claim);
  const { labels = {}, annotations = {} } = pod.metadata;
  return (
    labels[EXCLUDE] === 'true' ||
    (annotations[EXCLUDED_VOLUMES] ?? '').split(',').some(entry => entry.trim() === name) ||
    !mountsOf(pod).some(mount => mount.name === name)
  );
}

function mountsOf(pod: KubeObject): Record<string, unknown>[] {
  const { containers, initContainers } = record(pod.spec);
  return [...records(containers), ...records(initContainers)].flatMap(({ volumeMounts }) => records(volumeMounts));
}
