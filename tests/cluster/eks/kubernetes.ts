import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Cluster } from '@aws-sdk/client-eks';
import type { KubeObject } from '../../../lib/engine/index.ts';
import type { Kubernetes } from '../../servers/aws/eks/kubernetes.ts';
import { type ClusterRecord, eksOf } from '../../servers/aws/eks/state.ts';
import { rightsOf, verifyToken } from '../../servers/aws/eks/token.ts';
import type { Call } from '../../servers/aws/service.ts';

interface Kind {
  plural: string;
  namespaced: boolean;
}

/** Its kinds are known while their definitions are there. */
const VELERO = '/apis/velero.io/v1';

const GROUPS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  '/api/v1': {
    Node: { plural: 'nodes', namespaced: false },
    Pod: { plural: 'pods', namespaced: true },
    Namespace: { plural: 'namespaces', namespaced: false },
    PersistentVolume: { plural: 'persistentvolumes', namespaced: false },
    PersistentVolumeClaim: { plural: 'persistentvolumeclaims', namespaced: true },
    Service: { plural: 'services', namespaced: true },
  },
  '/apis/apps/v1': {
    Deployment: { plural: 'deployments', namespaced: true },
    ReplicaSet: { plural: 'replicasets', namespaced: true },
    DaemonSet: { plural: 'daemonsets', namespaced: true },
  },
  '/apis/admissionregistration.k8s.io/v1': {
    ValidatingAdmissionPolicy: { plural: 'validatingadmissionpolicies', namespaced: false },
    ValidatingAdmissionPolicyBinding: { plural: 'validatingadmissionpolicybindings', namespaced: false },
  },
  '/apis/rbac.authorization.k8s.io/v1': { ClusterRoleBinding: { plural: 'clusterrolebindings', namespaced: false } },
  '/apis/apiextensions.k8s.io/v1': {
    CustomResourceDefinition: { plural: 'customresourcedefinitions', namespaced: false },
  },
  [VELERO]: {
    Restore: { plural: 'restores', namespaced: true },
    BackupStorageLocation: { plural: 'backupstoragelocations', namespaced: true },
  },
  '/apis/storage.k8s.io/v1': { StorageClass: { plural: 'storageclasses', namespaced: false } },
};

/** The API of a cluster as far as a site of EKS asks it: who asks is decided by the token, and what there is by EKS. */
export function fakeKubernetes(tls: { key: string; cert: string }): Kubernetes & { made: KubeObject[]; close(): void } {
  const servers = new Map<Cluster, Server>();
  const made: KubeObject[] = [];
  const end = (server: Server | undefined) => {
    server?.closeAllConnections();
    server?.close();
  };
  return {
    made,
    // Clusters that a test left: the world ends with them.
    close: () => servers.forEach(end),
    async start(cluster, call) {
      const record = eksOf(call).clusters.get(cluster.name);
      const server = createServer(tls, (request, response) => {
        if (record) void answer(request, response, record, call, made);
      });
      servers.set(cluster, server);
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      return { endpoint: `https://127.0.0.1:${port}`, ca: Buffer.from(tls.cert).toString('base64') };
    },
    async stop(cluster) {
      end(servers.get(cluster));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  record: ClusterRecord,
  call: Call,
  made: KubeObject[],
) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const say = (status: number, value: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  };
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const verdict = verifyToken(token, record.cluster.name ?? '', call.region, call.world);
  if ('refused' in verdict) return say(401, { message: `Unauthorized: ${verdict.refused}` });
  const rights = rightsOf(record, verdict.arn);
  if (rights === undefined) return say(401, { message: `Unauthorized: no access entry for ${verdict.arn}` });
  if (rights !== 'admin') return say(403, { message: `${verdict.arn} may nothing` });
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://api');
  if (pathname === '/readyz') return say(200, 'ok');
  const base = Object.keys(GROUPS).find(path => pathname === path || pathname.startsWith(`${path}/`));
  if (base === undefined) return say(404, { message: `not foreseen: ${pathname}` });
  const resources = Object.entries(GROUPS[base] ?? {})
    .map(([kind, { plural, namespaced }]) => ({ name: plural, kind, namespaced }))
    .filter(({ name }) => base !== VELERO || made.some(({ metadata }) => metadata.name === `${name}.velero.io`));
  if (resources.length === 0) return say(404, { message: `no kinds of ${base}` });
  if (pathname === base) return say(200, { resources });
  const parts = pathname.slice(base.length + 1).split('/');
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts[1] : undefined;
  const [plural, name] = namespace === undefined ? parts : parts.slice(2);
  const kind = resources.find(resource => resource.name === plural)?.kind;
  if (kind === undefined) return say(404, { message: `not foreseen: ${pathname}` });
  const apiVersion = base.replace(/^\/apis?\//, '');
  const all = kind === 'Node' ? nodesOf(record, made) : [...seen(record, kind), ...podsOf(record, made, kind)];
  const some = all.filter(object => namespace === undefined || object.metadata.namespace === namespace);
  const [label = '', value] = searchParams.get('labelSelector')?.split('=') ?? [];
  const bearing = ({ metadata }: KubeObject) => value === undefined || metadata.labels?.[label] === value;
  if (name === undefined) return say(200, { items: some.filter(bearing) });
  const found = some.find(object => object.metadata.name === name);
  if (request.method === 'PATCH') {
    const object = {
      ...(JSON.parse(body) as KubeObject),
      apiVersion,
      kind,
      ...(status[kind] && { status: status[kind] }),
    };
    const same = ({ metadata, ...other }: KubeObject) =>
      other.kind === kind && metadata.name === name && metadata.namespace === namespace;
    made.splice(0, made.length, ...made.filter(other => !same(other)), object);
    return say(200, object);
  }
  if (request.method === 'DELETE' && !(found && inUse(found, made))) {
    const gone = found ? withWhatItOwns(found, made) : [];
    made.splice(0, made.length, ...made.filter(other => !gone.includes(other) && other.metadata.namespace !== name));
  }
  return found ? say(200, found) : say(404, { message: `${kind} ${name} not found` });
}

/** What the API says at once of what it was given. */
const status: Readonly<Record<string, object>> = {
  CustomResourceDefinition: { conditions: [{ type: 'Established', status: 'True' }] },
};

/** With the taints of their group, until somebody says otherwise. */
const nodesOf = (record: ClusterRecord, made: readonly KubeObject[]): KubeObject[] =>
  seen(record, 'Node').map(node => {
    const said = made.find(({ kind, metadata }) => kind === 'Node' && metadata.name === node.metadata.name);
    return { ...node, spec: said?.spec ?? node.spec };
  });

/** Whoever applies a DaemonSet finds a pod of it on every node, ready. */
const podsOf = (record: ClusterRecord, made: readonly KubeObject[], kind: string): KubeObject[] => [
  ...made.filter(object => object.kind === kind),
  ...made.flatMap(set =>
    kind !== 'Pod' || set.kind !== 'DaemonSet'
      ? []
      : seen(record, 'Node').map(({ metadata: { name } }) => ({
          ...{ apiVersion: 'v1', kind },
          metadata: { name: `${set.metadata.name}-${name}`, namespace: 'kube-system', ...labelsOf(set) },
          ...{ spec: { nodeName: name }, status: { containerStatuses: [{ name: set.metadata.name, ready: true }] } },
        })),
  ),
];

/** Of the pods that it starts. */
const labelsOf = ({ spec }: KubeObject) => {
  const { labels } = (spec as { template: { metadata: { labels?: Record<string, string> } } }).template.metadata;
  return labels && { labels };
};

/** Its finalizer: a claim stays until no pod uses it. */
const inUse = ({ kind, metadata }: KubeObject, made: readonly KubeObject[]) =>
  kind === 'PersistentVolumeClaim' &&
  made.some(
    other =>
      other.kind === 'Pod' &&
      other.metadata.namespace === metadata.namespace &&
      JSON.stringify(other.spec).includes(`"claimName":"${metadata.name}"`),
  );

const withWhatItOwns = (object: KubeObject, made: readonly KubeObject[]): KubeObject[] => [
  object,
  ...made
    .filter(({ metadata }) =>
      JSON.stringify(metadata.ownerReferences ?? []).includes(`"name":"${object.metadata.name}"`),
    )
    .flatMap(owned => withWhatItOwns(owned, made)),
];

/** Nodes and workloads that EKS makes. */
function seen({ nodegroups, addons }: ClusterRecord, kind: string): KubeObject[] {
  const of = (name: string, rest: object) => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'kube-system' },
    ...rest,
  });
  if (kind === 'Node')
    return nodegroups.all().flatMap(({ nodegroupName, version, scalingConfig, status, taints = [] }) =>
      status === 'CREATING' || status === 'CREATE_FAILED'
        ? []
        : Array.from({ length: scalingConfig?.desiredSize ?? 0 }, (_, n) => ({
            ...{ apiVersion: 'v1', kind, metadata: { name: `${nodegroupName}-${n}` } },
            spec: { taints: taints.map(({ key, value }) => ({ key, value, effect: 'NoSchedule' })) },
            status: {
              conditions: [{ type: 'Ready', status: 'True' }],
              nodeInfo: { kubeletVersion: `v${version}.3-eks-113cf36` },
              images: [],
            },
          })),
    );
  const names = addons.all().map(({ addonName = '' }) => addonName);
  if (kind === 'Deployment' && names.includes('coredns'))
    return [of('coredns', { spec: { replicas: 2 }, status: { availableReplicas: 2 } })];
  if (kind === 'DaemonSet' && names.includes('vpc-cni'))
    return [of('aws-node', { status: { desiredNumberScheduled: 2, numberReady: 2 } })];
  return [];
}
