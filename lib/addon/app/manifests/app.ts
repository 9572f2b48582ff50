import type { KubeObject } from '../../../engine/index.ts';
import { backendBase, backendObjects, migrateJob, seedJob } from './backend.ts';
import { frontendObjects } from './frontend.ts';
import { heartbeatObjects } from './heartbeat.ts';
import { postgresObjects } from './postgres.ts';
import type { AppManifest } from './want.ts';

/**
 * The app's objects in the order in which they come up; each part is there before the next is applied. The Secrets of
 * want.ts belong between `base` and `database`. No NetworkPolicy: in the lab nothing would enforce one.
 */
export interface AppObjects {
  base: KubeObject[];
  database: KubeObject[];
  migrate: KubeObject;
  seed: KubeObject;
  backend: KubeObject[];
  frontend: KubeObject[];
  /** Empty without an interval. */
  heartbeat: KubeObject[];
}

export const appObjects = (want: AppManifest): AppObjects => ({
  base: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: want.namespace } }, ...backendBase(want)],
  database: postgresObjects(want),
  migrate: migrateJob(want),
  seed: seedJob(want),
  backend: backendObjects(want),
  frontend: frontendObjects(want),
  heartbeat: heartbeatObjects(want),
});
