import { isRecord, ourObject } from '../../cluster/index.ts';
import type { ClusterApi } from '../../engine/index.ts';
import { API_SERVICE } from './manifests/metrics-server.ts';

/** The API server reaches it and gets answers: a pod that is ready is not yet that. */
export async function metricsAnswer(api: ClusterApi): Promise<readonly string[]> {
  const ref = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: API_SERVICE };
  const found = await ourObject(api, ref);
  const status = isRecord(found?.status) ? found.status : {};
  const conditions = Array.isArray(status.conditions) ? status.conditions.filter(isRecord) : [];
  const available = conditions.find(({ type }) => type === 'Available');
  if (available?.status === 'True') return [];
  return [`APIService ${API_SERVICE}: ${found ? `not available (${available?.message ?? 'no word yet'})` : 'absent'}`];
}
