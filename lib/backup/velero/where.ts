import { isRecord } from '../../cluster/index.ts';
import type { KubeObject } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';

/** A folder of a node. */
export interface Place {
  host: string;
  path: string;
}

/** Where the files of a volume lie; undefined: on no host's disk, so that only kopia can read them. `pod`: one that mounts it. */
export type Locate = (volume: KubeObject, pod?: KubeObject) => Place | undefined;

export const record = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});
export const records = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

/** A `local` volume: its path, and the one node that its affinity names. */
export function onHost(spec: Record<string, unknown>): Place | undefined {
  const path = record(spec.local).path;
  const terms = records(record(record(spec.nodeAffinity).required).nodeSelectorTerms);
  const values = terms.flatMap(term => records(term.matchExpressions)).flatMap(({ values }) => values);
  const host = values[0];
  return typeof path === 'string' && typeof host === 'string' && values.length === 1 ? { host, path } : undefined;
}

const POD_VOLUMES = '/var/lib/kubelet/pods';

/** Of a pod, by the kind of the volume: kubelet's GetPodVolumeDir, and what the plugin adds. */
const MOUNTS: Readonly<Record<string, (name: string) => string>> = {
  csi: name => `kubernetes.io~csi/${name}/mount`,
  nfs: name => `kubernetes.io~nfs/${name}`,
  local: name => `kubernetes.io~local-volume/${name}`,
};

/** As the kubelet has mounted it for a pod. */
export function mountedFor(volume: KubeObject, pod: KubeObject | undefined): Place | undefined {
  const spec = record(volume.spec);
  const mount = Object.entries(MOUNTS).find(([kind]) => spec[kind] !== undefined)?.[1];
  const { nodeName } = record(pod?.spec);
  const uid = pod?.metadata.uid;
  if (!mount || uid === undefined || typeof nodeName !== 'string') return undefined;
  return { host: nodeName, path: `${POD_VOLUMES}/${uid}/volumes/${mount(volume.metadata.name)}` };
}

/** Nodes of EKS are looked into where pods are mounted, and nowhere else; a host of ours wherever its volume lies. */
export const locateFor = ({ cluster }: Pick<Site, 'cluster'>): Locate =>
  cluster.kind === 'eks' ? mountedFor : (volume, pod) => onHost(record(volume.spec)) ?? mountedFor(volume, pod);
