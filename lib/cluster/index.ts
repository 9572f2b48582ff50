/** Cluster: k3s, kubeconfig, the API client, readiness. */
export { connectCluster, FIELD_MANAGER, MANAGED_BY } from './api/client.ts';
export { isRecord } from './api/words.ts';
export { copyOf, isInCopy } from './copies.ts';
export type { Archive, Artifact, Found, K3sArtifacts, LocalFile } from './k3s/artifacts.ts';
export { isLabBinary } from './k3s/prepare.ts';
export { k3sSteps } from './k3s/steps.ts';
export { kubeconfigPath } from './kubeconfig/file.ts';
export { kubeconfigStep } from './kubeconfig/steps.ts';
export { type ClusterPort, clusterPort } from './port.ts';
