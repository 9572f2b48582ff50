import { stat } from 'node:fs/promises';
import type { ClusterApi } from '../engine/index.ts';
import type { RetryContext } from '../time/index.ts';
import { connectCluster } from './api/client.ts';
import { kubeconfigPath } from './kubeconfig/file.ts';

/** What cli hands to the engine as Ports.cluster. */
export interface ClusterPort {
  /** Errors: CLUSTER_NO_KUBECONFIG, KUBECONFIG_REFUSED. */
  open(site: string): Promise<ClusterApi>;
  close(): Promise<void>;
}

/** One kept connection for each kubeconfig; one that was rewritten meanwhile, as by a rebuild, is read anew. */
export function clusterPort(project: string, context: RetryContext & { token?: () => Promise<string> }): ClusterPort {
  const kept = new Map<string, Promise<ClusterApi>>();
  const open = async (site: string): Promise<ClusterApi> => {
    const path = kubeconfigPath(project, site);
    const seen = await stat(path, { bigint: true }).catch(() => undefined);
    const key = `${path} ${seen?.ino} ${seen?.mtimeNs} ${seen?.mode}`;
    const api = kept.get(key) ?? connectCluster(path, site, context);
    kept.set(key, api);
    api.catch(() => kept.delete(key));
    return api;
  };
  const close = async () => {
    const settled = await Promise.allSettled(kept.values());
    for (const entry of settled) if (entry.status === 'fulfilled') await entry.value.close();
    kept.clear();
  };
  return { open, close };
}
