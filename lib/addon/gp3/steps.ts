import type { AnyStep, KubeObject } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { addonStep } from '../step.ts';

/**
 * EKS makes no class the default: without one no claim gets a volume. Beside a cluster of another hand a rehearsal has its classes too,
 * for claims come back with the class that they had.
 */
export const storageClassStep = (site: Site): AnyStep =>
  addonStep(site, {
    name: 'gp3',
    title: 'Define gp3 volumes of EBS, the default class',
    want: { class: 'gp3', ...(classesOf(site).length > 0 && { beside: classesOf(site) }) },
    objects: async () => [
      storageClass('gp3', { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }),
      ...classesOf(site).map(name => storageClass(name)),
    ],
  });

const classesOf = ({ cluster }: Site): readonly string[] => (cluster.kind === 'eks' ? (cluster.classes ?? []) : []);

const storageClass = (name: string, metadata: object = {}): KubeObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name, ...metadata },
  provisioner: 'ebs.csi.aws.com',
  parameters: { type: 'gp3', encrypted: 'true' },
  reclaimPolicy: 'Delete',
  // A volume is in one zone: the pod's, which is not known before it has a node.
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
});
