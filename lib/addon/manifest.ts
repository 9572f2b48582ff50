import { createHash } from 'node:crypto';
import { FIELD_MANAGER, isInCopy, MANAGED_BY, oursOf } from '../cluster/index.ts';
import type { ClusterApi, KubeObject, KubeRef } from '../engine/index.ts';

const NAME = 'app.kubernetes.io/name';
/** A field that we no longer set leaves no difference behind: the hash of all that we do set tells. */
export const STAMP = 'muster.lab/manifest';

/** Labels by which our objects are found again, and the hash of the manifest. */
export function owned(object: KubeObject, addon: string): KubeObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, [NAME]: addon, [MANAGED_BY]: FIELD_MANAGER };
  // A hash of a value is a hint at it.
  if (object.kind === 'Secret') return { ...object, metadata: { ...metadata, labels } };
  const stamp = createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16);
  return { ...object, metadata: { ...metadata, labels, annotations: { ...metadata.annotations, [STAMP]: stamp } } };
}

type Kind = Pick<KubeRef, 'apiVersion' | 'kind'>;

/** Kinds of which an add-on's objects are; what a removal looks through. */
export const KINDS: readonly Kind[] = [
  ...['Namespace', 'ServiceAccount', 'ConfigMap', 'Secret', 'Service', 'PersistentVolumeClaim'].map(kind =>
    of('v1', kind),
  ),
  ...['Deployment', 'StatefulSet', 'DaemonSet'].map(kind => of('apps/v1', kind)),
  ...['Job', 'CronJob'].map(kind => of('batch/v1', kind)),
  ...['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map(kind => of('rbac.authorization.k8s.io/v1', kind)),
  of('networking.k8s.io/v1', 'NetworkPolicy'),
  of('storage.k8s.io/v1', 'StorageClass'),
  of('apiregistration.k8s.io/v1', 'APIService'),
];

function of(apiVersion: string, kind: string): Kind {
  return { apiVersion, kind };
}

/** Every object of the add-on of these kinds, whatever the namespaces. */
export async function liveObjects(api: ClusterApi, addon: string, kinds: readonly Kind[]): Promise<KubeObject[]> {
  const all = (await Promise.all(kinds.map(kind => oursOf(api, kind)))).flat();
  return all.filter(object => object.metadata.labels?.[NAME] === addon && !isInCopy(object));
}

export const kindsOf = (objects: readonly KubeObject[]): Kind[] => [
  ...new Map(objects.map(({ apiVersion, kind }) => [`${apiVersion} ${kind}`, of(apiVersion, kind)])).values(),
];

export const sameObject = (a: KubeObject, b: KubeObject): boolean =>
  a.kind === b.kind && a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;

export const refOf = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): KubeRef => ({
  apiVersion,
  kind,
  name,
  ...(namespace !== undefined && { namespace }),
});

/** k3s marks what it deploys from server/manifests. */
export const isBrought = ({ metadata: { labels, annotations } }: KubeObject): boolean =>
  Object.keys({ ...labels, ...annotations }).some(key => key.startsWith('objectset.rio.cattle.io/'));
