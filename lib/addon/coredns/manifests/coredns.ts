import type { KubeObject } from '../../../engine/index.ts';
import { clusterRole, clusterRoleBinding, serviceAccount } from '../../manifests/rbac.ts';
import { container, deployment } from '../../manifests/workload.ts';
import { CUSTOM, corefile, type Upstream } from './corefile.ts';

const NAME = 'coredns';
const NAMESPACE = 'kube-system';
/** What the kubelet tells every pod, unless cluster-dns says otherwise. */
const CLUSTER_DNS = '10.43.0.10';
const READY = { path: '/ready', port: 8181 };

export interface CorednsManifest {
  image: string;
  upstream: Upstream;
}

export const corednsObjects = ({ image, upstream }: CorednsManifest): KubeObject[] => [
  serviceAccount(NAMESPACE, NAME),
  clusterRole('system:coredns', [
    { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ]),
  clusterRoleBinding('system:coredns', 'system:coredns', NAMESPACE, NAME),
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: NAME, namespace: NAMESPACE },
    data: { Corefile: corefile(upstream) },
  },
  workload(image),
  service(),
];

const workload = (image: string): KubeObject =>
  deployment({
    name: NAME,
    namespace: NAMESPACE,
    labels: { 'k8s-app': 'kube-dns' },
    pod: {
      serviceAccountName: NAME,
      priorityClassName: 'system-cluster-critical',
      // The node's resolv.conf: with the cluster's own it would ask itself.
      dnsPolicy: 'Default',
      containers: [
        container({
          name: NAME,
          image,
          args: ['-conf', '/etc/coredns/Corefile'],
          ports: [
            { name: 'dns', containerPort: 53, protocol: 'UDP' },
            { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
            { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
          ],
          resources: { requests: { cpu: '25m', memory: '32Mi' }, limits: { memory: '128Mi' } },
          volumeMounts: [
            { name: 'config', mountPath: '/etc/coredns', readOnly: true },
            { name: 'custom', mountPath: CUSTOM.path, readOnly: true },
          ],
          startupProbe: { httpGet: READY, periodSeconds: 2, failureThreshold: 150 },
          readinessProbe: { httpGet: READY, periodSeconds: 10 },
          livenessProbe: { httpGet: { path: '/health', port: 8080 }, initialDelaySeconds: 60, failureThreshold: 5 },
          // Port 53 as root with one capability: the image has no file capabilities.
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
          },
        }),
      ],
      volumes: [
        { name: 'config', configMap: { name: NAME, items: [{ key: 'Corefile', path: 'Corefile' }] } },
        { name: 'custom', configMap: { name: CUSTOM.name, optional: true } },
      ],
    },
  });

const service = (): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kube-dns', namespace: NAMESPACE, labels: { 'k8s-app': 'kube-dns' } },
  spec: {
    clusterIP: CLUSTER_DNS,
    selector: { 'k8s-app': 'kube-dns' },
    ports: [
      { name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, targetPort: 53, protocol: 'TCP' },
      { name: 'metrics', port: 9153, targetPort: 9153, protocol: 'TCP' },
    ],
  },
});
