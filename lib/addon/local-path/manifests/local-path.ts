import type { KubeObject } from '../../../engine/index.ts';
import { toYaml } from '../../../shell/index.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding, serviceAccount } from '../../manifests/rbac.ts';
import { container, deployment, RESTRICTED } from '../../manifests/workload.ts';

const NAME = 'local-path-provisioner';
const NAMESPACE = 'kube-system';
const CONFIG = 'local-path-config';
/** As k3s has it, so that a removal of k3s takes it along. */
const PATH = '/var/lib/rancher/k3s/storage';
export const PROVISIONER = 'rancher.io/local-path';
export const CLASS = 'local-path';

export interface LocalPathManifest {
  image: string;
  /** Of the pods that make and remove a volume's directory. */
  helperImage: string;
}

const READ = ['get', 'list', 'watch'];
const WRITE = [...READ, 'create', 'patch', 'update', 'delete'];

export const localPathObjects = ({ image, helperImage }: LocalPathManifest): KubeObject[] => [
  serviceAccount(NAMESPACE, NAME),
  role(NAMESPACE, NAME, [{ apiGroups: [''], resources: ['pods'], verbs: WRITE }]),
  clusterRole(NAME, [
    { apiGroups: [''], resources: ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods', 'pods/log'], verbs: READ },
    { apiGroups: [''], resources: ['persistentvolumes'], verbs: WRITE },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: READ },
  ]),
  roleBinding(NAMESPACE, NAME, NAME, NAME),
  clusterRoleBinding(NAME, NAME, NAMESPACE, NAME),
  storageClass(),
  config(helperImage),
  workload(image),
];

/** `local`, never its default hostPath: Velero calls a backup without those volumes Completed. */
const storageClass = (): KubeObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: CLASS,
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true', defaultVolumeType: 'local' },
  },
  provisioner: PROVISIONER,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
});

const config = (helperImage: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: CONFIG, namespace: NAMESPACE },
  data: {
    'config.json': `${JSON.stringify({ nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [PATH] }] })}\n`,
    setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
    teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
    'helperPod.yaml': toYaml({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'helper-pod' },
      spec: {
        priorityClassName: 'system-node-critical',
        tolerations: [{ operator: 'Exists' }],
        containers: [container({ name: 'helper-pod', image: helperImage })],
      },
    }),
  },
});

const workload = (image: string): KubeObject =>
  deployment({
    name: NAME,
    namespace: NAMESPACE,
    labels: { app: NAME },
    // It ends by itself when the API does not answer it yet, and has no port to ask.
    minReadySeconds: 5,
    pod: {
      serviceAccountName: NAME,
      priorityClassName: 'system-node-critical',
      containers: [
        container({
          name: NAME,
          image,
          args: ['start', '--config', '/etc/config/config.json'],
          env: [
            { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
            // Its helper pods run as this account; the default is another name.
            { name: 'SERVICE_ACCOUNT_NAME', value: NAME },
            { name: 'CONFIG_MOUNT_PATH', value: '/etc/config/' },
          ],
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
          volumeMounts: [{ name: 'config', mountPath: '/etc/config', readOnly: true }],
          securityContext: RESTRICTED,
        }),
      ],
      volumes: [{ name: 'config', configMap: { name: CONFIG } }],
    },
  });
