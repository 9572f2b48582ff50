import type { ClusterApi, KubeObject, KubeRef } from '../../lib/engine/index.ts';

/** A cluster of objects only: what is applied is merged, and a workload is rolled out at once. */
export interface MemoryCluster {
  api: ClusterApi;
  objects: Map<string, KubeObject>;
  /** What was written: 'apply Deployment x'. */
  writes: string[];
}

const key = ({ kind, name, namespace = '' }: Omit<KubeRef, 'apiVersion'>) => `${kind} ${namespace}/${name}`;
const keyOf = ({ kind, metadata: { name, namespace } }: KubeObject) =>
  key({ kind, name, ...(namespace !== undefined && { namespace }) });
const refuse = () => Promise.reject(new Error('not in this test'));

const matches = (object: KubeObject, selector = '') =>
  selector
    .split(',')
    .filter(part => part !== '')
    .every(part => object.metadata.labels?.[part.split('=')[0] ?? ''] === part.split('=')[1]);

export function memoryCluster(...existing: KubeObject[]): MemoryCluster {
  const objects = new Map(existing.map(object => [keyOf(object), object]));
  const writes: string[] = [];
  const api: ClusterApi = {
    get: async ref => objects.get(key(ref)),
    list: async ({ kind, labelSelector }) =>
      [...objects.values()].filter(object => object.kind === kind && matches(object, labelSelector)),
    apply: async object => {
      writes.push(`apply ${object.kind} ${object.metadata.name}`);
      const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
      const live = { ...object, metadata: { ...object.metadata, generation: 1 }, status };
      objects.set(keyOf(object), live);
      return live;
    },
    remove: async ref => {
      writes.push(`remove ${ref.kind} ${ref.name}`);
      objects.delete(key(ref));
    },
    scale: async (ref, replicas) => {
      writes.push(`scale ${ref.kind} ${ref.name} to ${replicas}`);
      const found = objects.get(key(ref));
      if (found) objects.set(key(ref), { ...found, spec: { ...(found.spec as object), replicas } });
    },
    raw: refuse,
    stale: async () => [],
    exec: refuse,
    dial: refuse,
    close: async () => {},
  };
  return { api, objects, writes };
}
