/** What a team might run: a StatefulSet with a volume, by one image. `claim`: annotations of the claim, as flow YAML. */
export const wiki = (image: string, claim = '{}') => `
apiVersion: v1
kind: Namespace
metadata: { name: team }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: wiki, namespace: team }
spec:
  replicas: 1
  serviceName: wiki
  selector: { matchLabels: { app: wiki } }
  template:
    metadata: { labels: { app: wiki } }
    spec:
      terminationGracePeriodSeconds: 0
      securityContext: { runAsUser: 0 }
      containers:
        - { name: main, image: '${image}', command: [sleep, infinity], volumeMounts: [{ name: data, mountPath: /data }] }
  volumeClaimTemplates:
    - metadata: { name: data, annotations: ${claim} }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 64Mi } } }
`;

/** What looks at its node, as agents of monitoring do: it has the node's network. */
export const watcher = (image: string) => `
apiVersion: v1
kind: Namespace
metadata: { name: agents }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: watcher, namespace: agents }
spec:
  selector: { matchLabels: { app: watcher } }
  template:
    metadata: { labels: { app: watcher } }
    spec:
      hostNetwork: true
      terminationGracePeriodSeconds: 0
      containers:
        - { name: main, image: '${image}', command: [sleep, infinity] }
`;
