import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../cluster/index.ts';
import type { KubeObject, Shell } from '../../engine/index.ts';
import { canonical } from '../canonical.ts';
import type { VeleroFacts } from '../set.ts';
import { KEPT_DOWN } from './restore-spec.ts';

export type ObjectFact = VeleroFacts['objects'][number];

/** Made by controllers out of other objects, or about what happens: they do not come back as they were. */
const DERIVED = ['Pod', 'ReplicaSet', 'ControllerRevision', 'Endpoints', 'EndpointSlice', 'Event', 'Lease', 'Job'];

/** Of metadata: what a person writes. The name is how it is found, and a copy's namespace has another one. */
const METADATA = ['labels', 'annotations'];
const MARKS = [
  /^velero\.io\//,
  /^kubectl\.kubernetes\.io\/last-applied-configuration$/,
  /^deployment\.kubernetes\.io\/revision$/,
  /^kubernetes\.io\/metadata\.name$/,
  /^pv\.kubernetes\.io\//,
  /^volume\.(beta\.)?kubernetes\.io\//,
  /^batch\.kubernetes\.io\/job-tracking$/,
];
/** Of the spec, by kind: given by the cluster on whose ground it stands. */
const GIVEN: Record<string, string[]> = {
  Service: ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy', 'healthCheckNodePort'],
  PersistentVolumeClaim: ['volumeName'],
  Namespace: ['finalizers'],
};

/** undefined: it is no fact, as another object makes it. */
export function factOf(object: KubeObject): ObjectFact | undefined {
  const { apiVersion, kind, metadata } = object;
  const owned = Array.isArray(metadata.ownerReferences) && metadata.ownerReferences.length > 0;
  if (owned || DERIVED.includes(kind) || metadata.name === 'kube-root-ca.crt') return undefined;
  const { namespace = '', name } = metadata;
  const sha256 = createHash('sha256')
    .update(canonical(normalised(object)))
    .digest('hex');
  return { apiVersion, kind, namespace, name, sha256 };
}

/**
 * An object without what differs between two clusters though nothing is lost: status; of metadata all but labels
 * and annotations, and of these the marks of controllers and of Velero; fields that a cluster gives (GIVEN); node
 * ports; the replicas of what a restore keeps down; an account's list of Secrets.
 */
export function normalised(object: KubeObject): unknown {
  const { status: _, metadata, secrets: __, ...rest } = object;
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => METADATA.includes(key)));
  const unmarked = Object.fromEntries(
    Object.entries(kept)
      .map(([key, value]) => [key, isRecord(value) ? withoutMarks(value) : value] as const)
      // A map of which nothing is left is as none.
      .filter(([, value]) => !isRecord(value) || Object.keys(value).length > 0),
  );
  const { subjects } = object;
  return {
    ...rest,
    metadata: unmarked,
    ...(isRecord(object.spec) && { spec: specOf(object, object.spec) }),
    ...(Array.isArray(subjects) && { subjects: subjects.map(subject => atHome(subject, metadata.namespace)) }),
  };
}

/** An account of the object's own namespace: in a copy beside the original that is another one. */
const atHome = (subject: unknown, namespace: string | undefined): unknown =>
  isRecord(subject) && subject.namespace === namespace ? { ...subject, namespace: '' } : subject;

const withoutMarks = (map: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(map).filter(([key]) => !MARKS.some(mark => mark.test(key))));

function specOf({ kind, metadata }: KubeObject, spec: Record<string, unknown>): Record<string, unknown> {
  const down = KEPT_DOWN.some(entry => entry.kind === kind && entry.name === metadata.name);
  const given = [...(GIVEN[kind] ?? []), ...(down ? ['replicas'] : [])];
  const kept = Object.fromEntries(Object.entries(spec).filter(([key]) => !given.includes(key)));
  if (kind !== 'Service' || !Array.isArray(kept.ports)) return kept;
  return {
    ...kept,
    ports: kept.ports.map(port =>
      isRecord(port) ? Object.fromEntries(Object.entries(port).filter(([key]) => key !== 'nodePort')) : port,
    ),
  };
}

/** Every object of the namespaces in a backup's own archive, sorted. */
export async function readArchive(
  archive: Uint8Array,
  namespaces: readonly string[],
  { shell, scratch }: { shell: Shell; scratch: string },
): Promise<ObjectFact[]> {
  const folder = await mkdtemp(join(scratch, 'objects-'));
  try {
    await shell.run(['tar', '--extract', '--gzip', '--file=-', `--directory=${folder}`], { stdin: archive });
    const names = await readdir(join(folder, 'resources'), { recursive: true });
    const objects = await Promise.all(
      names
        // resources/<kind>/v1-preferredversion/ has the same objects again.
        .filter(name => /^[^/]+\/(namespaces\/[^/]+|cluster)\/[^/]+\.json$/.test(name))
        .map(async name => JSON.parse(await readFile(join(folder, 'resources', name), 'utf8')) as KubeObject),
    );
    return objects
      .filter(({ kind, metadata }) =>
        namespaces.includes(kind === 'Namespace' ? metadata.name : (metadata.namespace ?? '')),
      )
      .flatMap(object => factOf(object) ?? [])
      .sort((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const labelOf = ({ kind, namespace, name }: Omit<ObjectFact, 'sha256'>): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
