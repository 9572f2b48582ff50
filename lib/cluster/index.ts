/** Cluster: k3s, EKS, kubeconfig, the API client, readiness. */
export { connectCluster, FIELD_MANAGER, ISSUED_FOR, MANAGED_BY } from './api/client.ts';
export { isRecord } from './api/words.ts';
export { copyOf, isInCopy } from './copies.ts';
export { CHAIN, FENCE_WINDOW } from './eks/fence-objects.ts';
export { eksToRemove, type FoundCluster, foundClusters, hasRolesOfEks } from './eks/found.ts';
export { clusterIdentity, clusterStamp } from './eks/identity.ts';
export { siteToken } from './eks/site-token.ts';
export { tokenSource } from './eks/token.ts';
export { refName, removeAndSee, seeGone } from './gone.ts';
export type { Archive, Artifact, Found, K3sArtifacts, LocalFile } from './k3s/artifacts.ts';
export { isLabBinary } from './k3s/prepare.ts';
export { kubeconfigPath, kubeconfigServer } from './kubeconfig/file.ts';
export { secretsSeenStep } from './mounted.ts';
export { nodeShell, type Window } from './node-shell.ts';
export { ourObject, oursOf } from './ours.ts';
export { type ClusterPort, clusterPort } from './port.ts';
export { clusterLeaks, clusterPlane, clusterRemoval, clusterStands, clusterSteps } from './steps.ts';
export { storeServer } from './store-server.ts';
