import type { NetworkInterface } from '@aws-sdk/client-ec2';
import type { Addon, Cluster, Nodegroup } from '@aws-sdk/client-eks';
import type { Call } from '../service.ts';

/** What stands behind the endpoint of a cluster. */
export interface Kubernetes {
  start(cluster: Cluster, call: Call): Promise<{ endpoint: string /** PEM, base64. */; ca: string }>;
  stop(cluster: Cluster): Promise<void>;
  /** A machine of a node group, until its node is Ready. */
  join?(cluster: Cluster, machine: NetworkInterface, group: Nodegroup, call: Call): Promise<void>;
  leave?(cluster: Cluster, machine: NetworkInterface): Promise<void>;
  /** What an add-on runs on nodes. */
  install?(cluster: Cluster, addon: Addon): Promise<void>;
  close?(): void | Promise<void>;
}
