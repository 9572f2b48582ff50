import type { Target } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';

/** Where the database of a site runs. */
export const NAMESPACE = 'app';
export const POD = 'postgres-0';
export const CONTAINER = 'postgres';
export const STATEFUL_SET = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: NAMESPACE, name: 'postgres' };
export const CLAIM = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: NAMESPACE,
  name: 'postgres-data',
};
export const DATABASE = 'app';

export const clusterOf = (site: Site): Target => ({ site: site.name, kind: 'cluster', name: site.name });
