import type { KubeObject } from '../../engine/index.ts';

const RBAC = 'rbac.authorization.k8s.io';

export interface Rule {
  apiGroups: readonly string[];
  resources: readonly string[];
  resourceNames?: readonly string[];
  verbs: readonly string[];
}

export const serviceAccount = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace },
});

export const clusterRole = (name: string, rules: readonly Rule[], labels?: Record<string, string>): KubeObject => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRole',
  metadata: { name, ...(labels && { labels }) },
  rules,
});

export const role = (namespace: string, name: string, rules: readonly Rule[]): KubeObject => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'Role',
  metadata: { name, namespace },
  rules,
});

const binding = (kind: 'Role' | 'ClusterRole', name: string, namespace: string, account: string) => ({
  roleRef: { apiGroup: RBAC, kind, name },
  subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
});

/** A cluster-wide role for the account of a namespace. */
export const clusterRoleBinding = (name: string, to: string, namespace: string, account: string): KubeObject => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  ...binding('ClusterRole', to, namespace, account),
});

export const roleBinding = (namespace: string, name: string, to: string, account: string): KubeObject => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'RoleBinding',
  metadata: { name, namespace },
  ...binding('Role', to, namespace, account),
});
