/** Cluster: k3s, kubeconfig, the API client, readiness. */
export { connectCluster, FIELD_MANAGER, MANAGED_BY } from './api/client.ts';
export { kubeconfigPath } from './kubeconfig/file.ts';
export { type ClusterPort, clusterPort } from './port.ts';
