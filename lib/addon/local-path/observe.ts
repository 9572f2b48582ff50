import { isRecord, ourObject } from '../../cluster/index.ts';
import type { ClusterApi, KubeObject } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { CLASS, PROVISIONER } from './manifests/local-path.ts';

/**
 * The class that is there makes `local` volumes, whoever brought it, and no volume of it is a hostPath.
 * Errors: WORKLOAD_BROKEN for such a volume: it stays what it is, and a backup skips it without a word.
 */
export async function localVolumesOnly(api: ClusterApi): Promise<readonly string[]> {
  const [storageClass, volumes] = await Promise.all([
    ourObject(api, { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: CLASS }),
    api.list({ apiVersion: 'v1', kind: 'PersistentVolume' }),
  ]);
  const hostPaths = volumes.filter(isHostPath).map(({ metadata }) => metadata.name);
  if (hostPaths.length > 0)
    throw new OpsError(
      'WORKLOAD_BROKEN',
      `cannot rely on the volumes ${hostPaths.join(', ')}: hostPath, expected local`,
      {
        hint: 'no backup reads them: copy their data into volumes of a class with defaultVolumeType: local',
      },
    );
  const type = storageClass?.metadata.annotations?.defaultVolumeType;
  return storageClass && type !== 'local' ? [`StorageClass ${CLASS}: makes ${type ?? 'hostPath'} volumes`] : [];
}

const isHostPath = ({ metadata, spec }: KubeObject) =>
  metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === PROVISIONER &&
  isRecord(spec) &&
  spec.hostPath !== undefined;
