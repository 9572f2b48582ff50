import { container, RESTRICTED } from '../../manifests/workload.ts';
import { PASSWORDS, type Role } from './want.ts';

/** User and group of a part; the same number in its image. Both of the avatar volume's users share a group. */
export const USERS = { postgres: 5432, backend: 10001, frontend: 10002 } as const;
export type Part = keyof typeof USERS;

export const labels = (component: string) => ({
  'app.kubernetes.io/part-of': 'users',
  'app.kubernetes.io/component': component,
});

export const service = (namespace: string, name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec,
});

export const claim = (namespace: string, name: string, storageClassName: string, storage: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
});

/** No program of the app talks to the cluster, but for the heartbeat's. */
export const account = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace },
  automountServiceAccountToken: false,
});

interface Volume {
  path: string;
  source: object;
}

export interface PodWant {
  part: Part;
  image: string;
  account: string;
  /** Of Secrets, as files /secrets/<role>/password. */
  passwords?: readonly Role[];
  /** Other volumes by their names: where they are mounted, and what they are. */
  volumes?: Readonly<Record<string, Volume>>;
  container: Readonly<Record<string, unknown>>;
  rest?: Readonly<Record<string, unknown>>;
}

/** One container as its image's user, with a read-only root and a /tmp. */
export function podSpec({ part, image, account, passwords = [], volumes = {}, ...want }: PodWant): object {
  const all: Record<string, Volume> = { ...volumes, tmp: { path: '/tmp', source: { emptyDir: {} } } };
  for (const role of passwords) {
    const secretName = PASSWORDS[role];
    all[secretName] = { path: `/secrets/${role}`, source: { secret: { secretName, defaultMode: 0o440 } } };
  }
  const id = USERS[part];
  return {
    serviceAccountName: account,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: id,
      runAsGroup: id,
      fsGroup: id,
      // Looking through every file at each start takes minutes under emulation.
      fsGroupChangePolicy: 'OnRootMismatch',
    },
    ...want.rest,
    containers: [
      container({
        name: part,
        image,
        securityContext: RESTRICTED,
        ...want.container,
        volumeMounts: Object.entries(all).map(([name, { path }]) => ({ name, mountPath: path })),
      }),
    ],
    volumes: Object.entries(all).map(([name, { source }]) => ({ name, ...source })),
  };
}
