import type { ClusterApi, KubeObject } from '../../engine/index.ts';

/** What has an identity that a datastore keeps: a cluster that was made anew has others. */
const KINDS = [
  ['v1', 'Namespace'],
  ['v1', 'Node'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'Service'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
] as const;

const nameOf = ({ metadata: { namespace, name } }: KubeObject) => (namespace ? `${namespace}/${name}` : name);

/** 'Kind namespace/name' -> UID. Errors: those of the API. */
export async function readUids(api: ClusterApi): Promise<Record<string, string>> {
  const lists = await Promise.all(
    KINDS.map(async ([apiVersion, kind]) =>
      (await api.list({ apiVersion, kind })).map(object => [`${kind} ${nameOf(object)}`, object.metadata.uid ?? '']),
    ),
  );
  return Object.fromEntries(lists.flat().sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));
}

/** Of `wanted`, those that are gone or somebody else. */
export const strangers = (wanted: Record<string, string>, seen: Record<string, string>): string[] =>
  Object.keys(wanted).filter(name => seen[name] !== wanted[name]);
