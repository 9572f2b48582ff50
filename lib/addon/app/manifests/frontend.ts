import type { KubeObject } from '../../../engine/index.ts';
import { BACKEND_PORT } from './backend.ts';
import { account, labels, podSpec, service } from './pods.ts';
import { type AppManifest, TLS_SECRET } from './want.ts';

const NAME = 'app-frontend';
const HTTPS = 8443;

/** nginx: the page, TLS, and /api passed on. */
export const frontendObjects = (want: AppManifest): KubeObject[] => [
  account(want.namespace, NAME),
  service(want.namespace, NAME, {
    type: 'NodePort',
    selector: labels('frontend'),
    ports: [{ name: 'https', port: 443, targetPort: 'https', nodePort: want.nodePort }],
  }),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace: want.namespace },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 1,
      selector: { matchLabels: labels('frontend') },
      template: {
        metadata: { labels: labels('frontend'), annotations: { 'muster.lab/certificate': want.certificate } },
        spec: pod(want),
      },
    },
  },
];

const pod = ({ namespace, images }: AppManifest): object =>
  podSpec({
    part: 'frontend',
    image: images.frontend,
    account: NAME,
    volumes: { tls: { path: '/tls', source: { secret: { secretName: TLS_SECRET, defaultMode: 0o440 } } } },
    container: {
      // The full name: nginx's own resolver knows no search list.
      env: [{ name: 'BACKEND', value: `app-backend.${namespace}.svc.cluster.local:${BACKEND_PORT}` }],
      ports: [{ name: 'https', containerPort: HTTPS }],
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '48Mi' } },
      startupProbe: { tcpSocket: { port: 'https' }, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 150 },
      readinessProbe: { tcpSocket: { port: 'https' }, periodSeconds: 10, timeoutSeconds: 5 },
    },
  });
