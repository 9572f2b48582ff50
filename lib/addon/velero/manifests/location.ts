import type { KubeObject } from '../../../engine/index.ts';
import type { Secret } from '../../../secret/index.ts';
import type { StoreAccess } from '../../../store/access.ts';
import { CLOUD_SECRET, LOCATION, NAMESPACE, PREFIX, REPOSITORY_SECRET } from './names.ts';

export interface LocationWant {
  access: StoreAccess;
  repositoryPassword: Secret;
  /** ReadOnly: of a rehearsal, which must not write into its source's store. */
  mode: 'ReadWrite' | 'ReadOnly';
}

/** The bucket, and what opens it. Velero reads both Secrets anew for each use, so another key needs no restart. */
export const locationObjects = ({ access, repositoryPassword, mode }: LocationWant): KubeObject[] => [
  secret(REPOSITORY_SECRET, { 'repository-password': repositoryPassword.reveal() }),
  secret(CLOUD_SECRET, { cloud: credentials(access) }),
  {
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: { name: LOCATION, namespace: NAMESPACE },
    spec: {
      provider: 'aws',
      default: true,
      accessMode: mode,
      objectStorage: {
        bucket: access.bucket,
        prefix: PREFIX,
        ...(access.ca !== undefined && { caCert: base64(access.ca) }),
      },
      credential: { name: CLOUD_SECRET, key: 'cloud' },
      // Every value is a string. publicUrl is for those who ask Velero for a download: this computer.
      config: {
        region: access.region,
        s3ForcePathStyle: 'true',
        s3Url: access.there,
        publicUrl: access.here,
        // Older servers know none; a bucket with object lock takes nothing without.
        checksumAlgorithm: access.locked ? 'SHA256' : '',
      },
      // Available is what was seen at the last look.
      validationFrequency: '30s',
    },
  },
];

const credentials = ({ accessKey, secretKey }: StoreAccess) =>
  `[default]\naws_access_key_id=${accessKey.reveal()}\naws_secret_access_key=${secretKey.reveal()}\n`;

const base64 = (text: string) => Buffer.from(text).toString('base64');

const secret = (name: string, values: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: NAMESPACE },
  type: 'Opaque',
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, base64(value)])),
});
