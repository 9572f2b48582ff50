import type { KubeObject } from '../../../engine/index.ts';
import { account, claim, labels, podSpec, service } from './pods.ts';
import { type AppManifest, type Role, seedMark } from './want.ts';

const NAME = 'app-backend';
export const BACKEND_PORT = 8000;
export const AVATARS_CLAIM = 'avatars';

export const avatars = {
  avatars: { path: '/var/lib/avatars', source: { persistentVolumeClaim: { claimName: AVATARS_CLAIM } } },
};

/** Account and volume of the backend and its jobs. */
export const backendBase = ({ namespace, storageClass }: AppManifest): KubeObject[] => [
  account(namespace, NAME),
  claim(namespace, AVATARS_CLAIM, storageClass, '1Gi'),
];

/** The API. One pod, never two: a start sweeps the volume of what an upload left. */
export const backendObjects = ({ namespace, images }: AppManifest): KubeObject[] => [
  service(namespace, NAME, { selector: labels('backend'), ports: [{ name: 'http', port: BACKEND_PORT }] }),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 1,
      // Python's first start under emulation takes a minute or more.
      progressDeadlineSeconds: 1200,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels('backend') },
      template: { metadata: { labels: labels('backend') }, spec: serve(images.backend) },
    },
  },
];

const serve = (image: string): object =>
  podSpec({
    part: 'backend',
    image,
    account: NAME,
    passwords: ['app'],
    volumes: avatars,
    container: {
      args: ['serve'],
      ports: [{ name: 'http', containerPort: BACKEND_PORT }],
      resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '192Mi' } },
      startupProbe: {
        httpGet: { path: '/api/live', port: 'http' },
        periodSeconds: 3,
        timeoutSeconds: 15,
        failureThreshold: 200,
      },
      // Ready means that the data is there: health reads the database and the volume.
      readinessProbe: { httpGet: { path: '/api/health', port: 'http' }, periodSeconds: 10, timeoutSeconds: 15 },
      livenessProbe: {
        httpGet: { path: '/api/live', port: 'http' },
        periodSeconds: 30,
        timeoutSeconds: 30,
        failureThreshold: 6,
      },
    },
    rest: { terminationGracePeriodSeconds: 30 },
  });

/** Roles, tables, grants. Named for its image: what a Job does cannot be changed, another image is another Job. */
export const migrateJob = ({ namespace, images }: AppManifest): KubeObject =>
  job(namespace, `app-migrate-${tagOf(images.backend)}`, images.backend, ['migrate'], ['postgres', 'app_owner', 'app']);

/** The data of the lab, after migrate. Both are safe to run again, and of two one waits for the other. */
export const seedJob = ({ namespace, images, seed }: AppManifest): KubeObject =>
  job(
    namespace,
    `app-seed-${seedMark(seed)}`,
    images.backend,
    ['seed', '--users', `${seed.users}`, '--avatars', `${seed.avatars}`],
    ['app_owner'],
    avatars,
  );

function job(
  namespace: string,
  name: string,
  image: string,
  args: readonly string[],
  passwords: readonly Role[],
  volumes = {},
): KubeObject {
  const spec = podSpec({
    part: 'backend',
    image,
    account: NAME,
    passwords,
    volumes,
    container: {
      args,
      resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '160Mi' } },
      // Its last words stand in the pod's status, where they are seen while it is tried again.
      terminationMessagePolicy: 'FallbackToLogsOnError',
    },
    rest: { restartPolicy: 'Never' },
  });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    // Never, and a few tries: each failed pod stays with its log.
    spec: { backoffLimit: 3, template: { metadata: { labels: labels(args[0] ?? '') }, spec } },
  };
}

/** 'muster.lab/app-backend:0123456789ab' -> '0123456789ab'. */
const tagOf = (image: string): string => image.slice(image.lastIndexOf(':') + 1).toLowerCase();
