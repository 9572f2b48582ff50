import type { KubeObject } from '../../../engine/index.ts';
import { clusterRole, clusterRoleBinding, roleBinding, serviceAccount } from '../../manifests/rbac.ts';
import { container, deployment, RESTRICTED } from '../../manifests/workload.ts';

const NAME = 'metrics-server';
const NAMESPACE = 'kube-system';
const LABELS = { 'k8s-app': NAME };
export const API_SERVICE = 'v1beta1.metrics.k8s.io';
const READY = { path: '/readyz', port: 'https', scheme: 'HTTPS' };

export const metricsServerObjects = ({ image }: { image: string }): KubeObject[] => [
  serviceAccount(NAMESPACE, NAME),
  clusterRole(
    'system:aggregated-metrics-reader',
    [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    {
      'rbac.authorization.k8s.io/aggregate-to-view': 'true',
      'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
      'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
    },
  ),
  clusterRole('system:metrics-server', [
    { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
  ]),
  authReader(),
  clusterRoleBinding('metrics-server:system:auth-delegator', 'system:auth-delegator', NAMESPACE, NAME),
  clusterRoleBinding('system:metrics-server', 'system:metrics-server', NAMESPACE, NAME),
  service(),
  workload(image),
  apiService(),
];

const authReader = (): KubeObject =>
  roleBinding(NAMESPACE, 'metrics-server-auth-reader', 'extension-apiserver-authentication-reader', NAME);

const service = (): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
  spec: {
    selector: LABELS,
    ports: [{ name: 'https', port: 443, targetPort: 'https', protocol: 'TCP', appProtocol: 'https' }],
  },
});

const workload = (image: string): KubeObject =>
  deployment({
    name: NAME,
    namespace: NAMESPACE,
    labels: LABELS,
    pod: {
      serviceAccountName: NAME,
      priorityClassName: 'system-cluster-critical',
      containers: [
        container({
          name: NAME,
          image,
          args: [
            '--cert-dir=/tmp',
            '--secure-port=10250',
            '--kubelet-preferred-address-types=InternalIP',
            '--kubelet-use-node-status-port',
            // Kubelets serve with a certificate of the cluster's CA: k3s signs it, and so does the lab binary.
            '--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
            '--metric-resolution=15s',
          ],
          ports: [{ name: 'https', containerPort: 10250, protocol: 'TCP' }],
          resources: { requests: { cpu: '25m', memory: '48Mi' }, limits: { memory: '192Mi' } },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          // Asked often until it is up: each question is a TLS handshake.
          startupProbe: { httpGet: READY, periodSeconds: 2, failureThreshold: 150 },
          readinessProbe: { httpGet: READY, periodSeconds: 10 },
          livenessProbe: {
            httpGet: { path: '/livez', port: 'https', scheme: 'HTTPS' },
            initialDelaySeconds: 60,
            failureThreshold: 5,
          },
          securityContext: RESTRICTED,
        }),
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    },
  });

const apiService = (): KubeObject => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: API_SERVICE },
  spec: {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    service: { name: NAME, namespace: NAMESPACE },
    groupPriorityMinimum: 100,
    versionPriority: 100,
    // As upstream and k3s: it signs its own certificate at every start, so that there is no CA to name.
    insecureSkipTLSVerify: true,
  },
});
