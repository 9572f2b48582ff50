import { isRecord, ourObject } from '../../cluster/index.ts';
import type { ClusterApi, KubeObject } from '../../engine/index.ts';
import { liveObjects } from '../manifest.ts';
import { LOCATION, NAMESPACE } from './manifests/names.ts';
import { NODE_AGENT } from './manifests/velero.ts';

const conditionOf = ({ status }: KubeObject, type: string): Record<string, unknown> | undefined =>
  (isRecord(status) && Array.isArray(status.conditions) ? status.conditions.filter(isRecord) : []).find(
    entry => entry.type === type,
  );

/** A definition that was accepted is not yet one of which objects can be made. */
export async function established(api: ClusterApi): Promise<readonly string[]> {
  const kind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  // Asked as the comparison asks: these are the longest answers of all.
  return (await liveObjects(api, 'velero-kinds', [kind]))
    .filter(object => conditionOf(object, 'Established')?.status !== 'True')
    .map(({ metadata }) => `CustomResourceDefinition ${metadata.name}: not established`);
}

/** Velero has seen its bucket, and every node has an agent that reads its volumes: a rollout tells neither. */
export async function canBackUp(api: ClusterApi): Promise<readonly string[]> {
  const [location, nodes, agents] = await Promise.all([
    ourObject(api, { apiVersion: 'velero.io/v1', kind: 'BackupStorageLocation', namespace: NAMESPACE, name: LOCATION }),
    api.list({ apiVersion: 'v1', kind: 'Node' }),
    api.list({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, labelSelector: `name=${NODE_AGENT}` }),
  ]);
  const ready = agents.filter(pod => conditionOf(pod, 'Ready')?.status === 'True');
  const on = new Set(ready.map(({ spec }) => (isRecord(spec) ? spec.nodeName : undefined)));
  const bare = nodes.map(({ metadata }) => metadata.name).filter(name => !on.has(name));
  return [...locationOpen(location), ...bare.map(node => `node ${node}: no ${NODE_AGENT} is ready`)];
}

function locationOpen(location: KubeObject | undefined): string[] {
  if (!location) return [`BackupStorageLocation ${NAMESPACE}/${LOCATION}: absent`];
  const status = isRecord(location.status) ? location.status : {};
  if (status.phase === 'Available') return [];
  const words = status.message ? ` (${String(status.message).slice(0, 200)})` : '';
  return [`BackupStorageLocation ${NAMESPACE}/${LOCATION}: ${status.phase ?? 'not looked at yet'}${words}`];
}
