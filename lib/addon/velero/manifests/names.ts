export const NAMESPACE = 'velero';
export const LOCATION = 'default';
/** Velero's own names: it looks for them. */
export const REPOSITORY_SECRET = 'velero-repo-credentials';
export const CLOUD_SECRET = 'cloud-credentials';
/** In the SecretStore. Without it Velero takes a password that the whole world knows. */
export const REPOSITORY_PASSWORD = 'backup/kopia-password';
/** Where Velero's part of a site's bucket begins. */
export const PREFIX = 'velero';
/** A ConfigMap that every Backup names. */
export const VOLUME_POLICY = 'muster-volume-policy';

/** Of a node: where its kubelet mounts the volumes of pods. */
export const POD_VOLUMES = '/var/lib/kubelet/pods';
