import type { KubeObject } from '../../../engine/index.ts';
import { avatars } from './backend.ts';
import { account, labels, podSpec } from './pods.ts';
import type { AppManifest } from './want.ts';

const NAME = 'app-heartbeat';
/** Of the program (app/backend/users_api/canary_copies.py). */
export const CANARY_CONFIGMAP = 'canary';

/** The avatars are copied once, with the API's pod, whose start waits for them in a restore. */
const UNTOUCHED = { 'backup.velero.io/backup-volumes-excludes': 'avatars,tmp' };

/** Writes canaries into the database, the avatars' volume and a ConfigMap. One pod, never two. */
export const heartbeatObjects = ({ namespace, images, heartbeat }: AppManifest): KubeObject[] =>
  heartbeat === undefined
    ? []
    : [
        account(namespace, NAME),
        ...mayWriteCanaries(namespace),
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: NAME, namespace },
          spec: {
            replicas: 1,
            revisionHistoryLimit: 1,
            progressDeadlineSeconds: 1200,
            strategy: { type: 'Recreate' },
            selector: { matchLabels: labels('heartbeat') },
            template: {
              metadata: { labels: labels('heartbeat'), annotations: UNTOUCHED },
              spec: pod(images.backend, heartbeat),
            },
          },
        },
      ];

const pod = (image: string, interval: number): object =>
  podSpec({
    part: 'backend',
    image,
    account: NAME,
    passwords: ['app'],
    volumes: avatars,
    container: {
      args: ['heartbeat'],
      env: [{ name: 'HEARTBEAT_SECONDS', value: `${interval / 1000}` }],
      resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '96Mi' } },
    },
    rest: { automountServiceAccountToken: true, terminationGracePeriodSeconds: 45 },
  });

/** Of this one object only; apply asks for the right to create it by its name too. */
const mayWriteCanaries = (namespace: string): KubeObject[] => [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: NAME, namespace },
    rules: [
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: [CANARY_CONFIGMAP],
        verbs: ['get', 'patch', 'create'],
      },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: NAME, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: NAME },
    subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
  },
];
