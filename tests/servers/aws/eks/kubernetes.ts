import type { Cluster } from '@aws-sdk/client-eks';
import type { Call } from '../service.ts';

/** What stands behind the endpoint of a cluster. */
export interface Kubernetes {
  start(cluster: Cluster, call: Call): Promise<{ endpoint: string /** PEM, base64. */; ca: string }>;
  stop(cluster: Cluster): Promise<void>;
}
