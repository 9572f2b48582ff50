import type { ClusterApi } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { isRecord } from '../api/words.ts';
import { FENCE_REF, STAMP } from './fence-objects.ts';

/** What makes a cluster this one, whatever it is called. */
interface ClusterIdentity {
  /** Of kube-system: made with the cluster, and never again. */
  id: string;
  /** PEM: who signs for its API. */
  authority: string;
}

/** Errors: those of the API; CLUSTER_REFUSED: it does not say who it is. */
export async function clusterIdentity(api: ClusterApi): Promise<ClusterIdentity> {
  const [system, root] = await Promise.all([
    api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }),
    api.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name: 'kube-root-ca.crt' }),
  ]);
  const id = system?.metadata.uid;
  const authority = isRecord(root?.data) ? root.data['ca.crt'] : undefined;
  if (typeof id !== 'string' || typeof authority !== 'string')
    throw new OpsError('CLUSTER_REFUSED', 'cannot tell which cluster this is: it shows no uid, or no authority');
  return { id, authority };
}

/** The rehearsal whose fence is in it; undefined: none is. */
export const clusterStamp = async (api: ClusterApi): Promise<string | undefined> =>
  (await api.get(FENCE_REF))?.metadata.annotations?.[STAMP];
