import { KEYS } from '../set.ts';

/** What lib/addon/velero installs, by the names that Velero itself looks for. */
export const NAMESPACE = 'velero';
export const LOCATION = 'default';
export const VOLUME_POLICY = 'muster-volume-policy';
export const API = 'velero.io/v1';
/** The SecretStore's name of what opens the kopia repositories. */
export const REPOSITORY_PASSWORD = 'backup/kopia-password';

/** '20261121T152300Z-1f2e3d4c' -> 'muster-20261121t152300z-1f2e3d4c': Kubernetes has no capitals. */
export const backupName = (setId: string): string => `muster-${setId.toLowerCase()}`;

/** Keys of what Velero writes about a backup. */
export const backupKeys = (name: string) => {
  const folder = `${KEYS.velero}backups/${name}/`;
  return {
    folder,
    backup: `${folder}velero-backup.json`,
    contents: `${folder}${name}.tar.gz`,
    results: `${folder}${name}-results.gz`,
    volumes: `${folder}${name}-volumeinfo.json.gz`,
    podVolumes: `${folder}${name}-podvolumebackups.json.gz`,
  };
};

/** The kopia repository of a namespace. */
export const repositoryPrefix = (namespace: string): string => `${KEYS.velero}kopia/${namespace}/`;
