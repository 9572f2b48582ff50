import type { KubeObject } from '../../../engine/index.ts';
import { account, claim, labels, podSpec, service } from './pods.ts';
import type { AppManifest } from './want.ts';

const NAME = 'postgres';
/** Its volume; the avatars have the other one. */
export const POSTGRES_CLAIM = 'postgres-data';

/** Velero leaves these to the source postgres: files that are copied while a database writes are no database. */
const UNTOUCHED = { 'backup.velero.io/backup-volumes-excludes': 'data,run,tmp' };

/** The database. Its settings lie in its data directory (images/postgres), where a restore brings them along. */
export const postgresObjects = ({ namespace, images, storageClass }: AppManifest): KubeObject[] => [
  account(namespace, NAME),
  claim(namespace, POSTGRES_CLAIM, storageClass, '2Gi'),
  service(namespace, NAME, { selector: labels(NAME), ports: [{ name: 'postgres', port: 5432 }] }),
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: NAME, namespace },
    spec: {
      replicas: 1,
      serviceName: NAME,
      revisionHistoryLimit: 1,
      selector: { matchLabels: labels(NAME) },
      template: { metadata: { labels: labels(NAME), annotations: UNTOUCHED }, spec: pod(images.postgres) },
    },
  },
];

const pod = (image: string): object =>
  podSpec({
    part: 'postgres',
    image,
    account: NAME,
    passwords: ['postgres'],
    volumes: {
      data: { path: '/var/lib/postgresql/data', source: { persistentVolumeClaim: { claimName: POSTGRES_CLAIM } } },
      run: { path: '/var/run/postgresql', source: { emptyDir: {} } },
      // Where the archive is (lib/backup/postgres). A site without backups has none.
      pgbackrest: {
        path: '/etc/pgbackrest',
        source: { secret: { secretName: 'pgbackrest', optional: true, defaultMode: 0o440 } },
      },
    },
    container: {
      // Read once, when the cluster is made.
      env: [{ name: 'POSTGRES_PASSWORD_FILE', value: '/secrets/postgres/password' }],
      ports: [{ name: 'postgres', containerPort: 5432 }],
      resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } },
      // The port is open during recovery already: whether it answers is asked once, and cheaply from then on (an exec
      // is a second under emulation). No liveness: PostgreSQL restarts its own, and killing a recovery starts it anew.
      startupProbe: {
        exec: { command: ['pg_isready', '-q'] },
        periodSeconds: 3,
        timeoutSeconds: 15,
        failureThreshold: 200,
      },
      readinessProbe: { tcpSocket: { port: 'postgres' }, periodSeconds: 10, timeoutSeconds: 5 },
    },
    // A shutdown writes a checkpoint; cut short it is a recovery at the next start.
    rest: { terminationGracePeriodSeconds: 120 },
  });
