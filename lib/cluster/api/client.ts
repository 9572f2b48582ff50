import type { ClusterApi, KubeObject, KubeQuery, KubeRef } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { RetryContext } from '../../time/index.ts';
import { type Connection, openKubeconfig } from './connection.ts';
import { dialPod } from './dial.ts';
import { AGGREGATED, Discovery, type Resource, staleIn } from './discovery.ts';
import { execInPod } from './exec.ts';
import { gathering } from './gathering.ts';
import { type Ask, type Reply, send } from './transport.ts';
import { isRecord, parsed } from './words.ts';

/** Owns fields by server-side apply, and objects by the label. */
export const FIELD_MANAGER = 'muster';
export const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** On a certificate that was issued anew for where a site came back: it is not the one of its backup. */
export const ISSUED_FOR = 'muster.lab/issued-for';

/** Objects in one reply of a list. */
const PAGE = 500;

/**
 * The API behind a kubeconfig that muster wrote, whose context is named by the site.
 * Errors: CLUSTER_NO_KUBECONFIG, KUBECONFIG_REFUSED; of its methods CLUSTER_UNREACHABLE, CLUSTER_REFUSED.
 */
export async function connectCluster(
  kubeconfig: string,
  site: string,
  context: RetryContext & { token?: () => Promise<string> },
): Promise<ClusterApi> {
  const connection = await openKubeconfig(kubeconfig, site, context.token);
  const ask = (request: Ask) => send(request, connection, context);
  const discovery = new Discovery(async path => body(await ask({ method: 'GET', path, allow: [404] })));
  const client: Client = { connection, discovery, ask };
  const together = gathering<KubeObject[]>();
  return {
    raw: async path => (await ask({ method: 'GET', path, once: true })).body,
    stale: async () => staleIn((await ask({ method: 'GET', path: '/apis', accept: AGGREGATED })).body),
    get: ref => get(client, ref),
    list: query =>
      together(
        JSON.stringify(query),
        () => discovery.find(query.apiVersion, query.kind),
        () => list(client, query),
      ),
    apply: object => apply(client, object),
    scale: (ref, replicas) => scale(client, ref, replicas),
    remove: ref => remove(client, ref),
    exec: (pod, argv, options) => execInPod(connection, { pod, argv, ...options }, context.signal),
    dial: (pod, port) => dialPod(connection, pod, port, context.signal),
    close: async () => connection.agent.destroy(),
  };
}

interface Client {
  connection: Connection;
  discovery: Discovery;
  ask(request: Ask): Promise<Reply>;
}

const body = (reply: Reply) => (reply.status === 404 ? undefined : reply.body);

async function get({ discovery, ask }: Client, ref: KubeRef): Promise<KubeObject | undefined> {
  const resource = await discovery.find(ref.apiVersion, ref.kind);
  if (!resource) return undefined;
  const found = body(await ask({ method: 'GET', path: objectPath(resource, ref), allow: [404] }));
  return found === undefined ? undefined : asObject(parsed(found), ref);
}

async function list({ discovery, ask }: Client, query: KubeQuery): Promise<KubeObject[]> {
  const resource = await discovery.find(query.apiVersion, query.kind);
  if (!resource) return [];
  const found: KubeObject[] = [];
  for (let next = ''; ; ) {
    const search = new URLSearchParams({ limit: String(PAGE) });
    if (query.labelSelector) search.set('labelSelector', query.labelSelector);
    if (next) search.set('continue', next);
    const path = `${collectionPath(resource, query.namespace)}?${search}`;
    // Its definition went since it was found: a kind that is not known has no objects. A namespace that is not there is no 404.
    const some = body(await ask({ method: 'GET', path, allow: [404] }));
    if (some === undefined) return [];
    const page = parsed(some);
    if (!Array.isArray(page?.items)) throw nonsense(`list ${query.kind}`);
    found.push(...page.items.map(item => asObject(item, query)));
    const metadata = page.metadata;
    next = isRecord(metadata) && typeof metadata.continue === 'string' ? metadata.continue : '';
    if (!next) return found;
  }
}

async function apply(client: Client, object: KubeObject): Promise<KubeObject> {
  const { discovery, ask } = client;
  const { apiVersion, kind } = object;
  const ref: KubeRef = { apiVersion, kind, ...pick(object.metadata) };
  const resource = await discovery.find(apiVersion, kind);
  if (!resource)
    throw new OpsError(
      'CLUSTER_REFUSED',
      `cannot apply ${kind} ${ref.name}: the cluster knows no ${kind} of ${apiVersion}`,
    );
  const patch = (force: boolean) =>
    ask({
      method: 'PATCH',
      path: `${objectPath(resource, ref)}?fieldManager=${FIELD_MANAGER}&force=${force}`,
      body: JSON.stringify(object),
      contentType: 'application/apply-patch+yaml',
      ...(force ? {} : { allow: [409] }),
    });
  const reply = await patch(false);
  if (reply.status !== 409) return asObject(parsed(reply.body), ref);
  // Someone else holds a field. On an object of ours that is drift; on another's it is not ours to take.
  const live = await get(client, ref);
  if (live && live.metadata.labels?.[MANAGED_BY] !== FIELD_MANAGER)
    throw new OpsError('CLUSTER_REFUSED', `cannot apply ${kind} ${ref.name}: ${parsed(reply.body)?.message}`, {
      hint: `it was not made by muster: kubectl get ${kind} ${ref.name} -o yaml --show-managed-fields`,
    });
  return asObject(parsed((await patch(true)).body), ref);
}

/** Past server-side apply, which would take away every field that this request does not name. */
async function scale({ discovery, ask }: Client, ref: KubeRef, replicas: number): Promise<void> {
  const resource = await discovery.find(ref.apiVersion, ref.kind);
  if (!resource)
    throw new OpsError('CLUSTER_REFUSED', `cannot scale ${ref.kind} ${ref.name}: the cluster knows no such kind`);
  const path = `${objectPath(resource, ref)}/scale?fieldManager=${FIELD_MANAGER}`;
  const body = JSON.stringify({ spec: { replicas } });
  await ask({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
}

async function remove({ discovery, ask }: Client, ref: KubeRef): Promise<void> {
  const resource = await discovery.find(ref.apiVersion, ref.kind);
  if (!resource) return;
  const path = `${objectPath(resource, ref)}?propagationPolicy=Foreground`;
  await ask({ method: 'DELETE', path, allow: [404] });
}

const pick = ({ name, namespace }: KubeObject['metadata']) =>
  namespace === undefined ? { name } : { name, namespace };

function collectionPath(resource: Resource, namespace: string | undefined): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${resource.base}${scope}/${resource.plural}`;
}

function objectPath(resource: Resource, ref: KubeRef): string {
  if (resource.namespaced && ref.namespace === undefined)
    throw new OpsError('CLUSTER_REFUSED', `cannot name ${ref.kind} ${ref.name}: it has no namespace`);
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

/** Items of a list carry neither apiVersion nor kind: the question has them. */
function asObject(value: unknown, { apiVersion, kind }: { apiVersion: string; kind: string }): KubeObject {
  if (!isRecord(value) || !isRecord(value.metadata) || typeof value.metadata.name !== 'string')
    throw nonsense(`read ${kind}`);
  return { ...value, apiVersion, kind, metadata: { ...value.metadata, name: value.metadata.name } };
}

const nonsense = (what: string) =>
  new OpsError('CLUSTER_REFUSED', `cannot ${what}: the reply is not what the API documents`);
