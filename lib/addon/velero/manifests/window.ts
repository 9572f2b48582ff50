import type { Window } from '../../../cluster/index.ts';
import type { KubeObject } from '../../../engine/index.ts';
import { container } from '../../manifests/workload.ts';
import { NAMESPACE, POD_VOLUMES } from './names.ts';

const NAME = 'node-window';

/** Of each node: beside Velero's agent, which accepts no second container in its pod. */
export const WINDOW: Window = { namespace: NAMESPACE, labelSelector: `name=${NAME}`, container: NAME };

/** Sees the volumes of its node's pods, as Velero's agent does, and lists them when it is asked to. `image`: sh, find, sha256sum. */
export function nodeWindow(image: string): KubeObject {
  const labels = { name: NAME };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: NAME, namespace: NAMESPACE, labels },
    spec: {
      revisionHistoryLimit: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          // It asks the cluster nothing.
          automountServiceAccountToken: false,
          securityContext: { runAsUser: 0 },
          tolerations: [{ operator: 'Exists' }],
          containers: [
            container({
              name: NAME,
              image,
              command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'],
              resources: { requests: { cpu: '1m', memory: '8Mi' }, limits: { memory: '128Mi' } },
              // Volumes that are mounted after it has started reach it only so.
              volumeMounts: [
                { name: 'pods', mountPath: POD_VOLUMES, mountPropagation: 'HostToContainer', readOnly: true },
              ],
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            }),
          ],
          volumes: [{ name: 'pods', hostPath: { path: POD_VOLUMES } }],
        },
      },
    },
  };
}
