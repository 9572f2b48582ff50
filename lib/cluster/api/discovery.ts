import { OpsError } from '../../errors/index.ts';
import { isRecord, parsed } from './words.ts';

/** Where objects of a kind lie. */
export interface Resource {
  /** '/api/v1', '/apis/apps/v1'. */
  base: string;
  plural: string;
  namespaced: boolean;
}

/** Kubernetes' own kinds, which every cluster serves in one place: to ask where costs an emulated guest a tenth of a second each. */
const OWN: Record<string, Record<'cluster' | 'namespaced', readonly string[]>> = {
  v1: {
    cluster: ['Namespace', 'Node', 'PersistentVolume'],
    namespaced: ['ConfigMap', 'PersistentVolumeClaim', 'Pod', 'Secret', 'Service', 'ServiceAccount'],
  },
  'apps/v1': { cluster: [], namespaced: ['DaemonSet', 'Deployment', 'StatefulSet'] },
  'batch/v1': { cluster: [], namespaced: ['CronJob', 'Job'] },
  'networking.k8s.io/v1': { cluster: [], namespaced: ['NetworkPolicy'] },
  'rbac.authorization.k8s.io/v1': {
    cluster: ['ClusterRole', 'ClusterRoleBinding'],
    namespaced: ['Role', 'RoleBinding'],
  },
  'storage.k8s.io/v1': { cluster: ['StorageClass'], namespaced: [] },
  'apiextensions.k8s.io/v1': { cluster: ['CustomResourceDefinition'], namespaced: [] },
  'apiregistration.k8s.io/v1': { cluster: ['APIService'], namespaced: [] },
};

/** Body of a discovery path; undefined when there is no such group or version. */
export type ReadPath = (path: string) => Promise<string | undefined>;

/** Finds kinds, asking once for each group version. */
export class Discovery {
  readonly #read: ReadPath;
  readonly #known = new Map<string, Promise<Map<string, Resource>>>();

  constructor(read: ReadPath) {
    this.#read = read;
  }

  /** undefined: its definition is not installed. A miss is asked for anew, since definitions are added meanwhile. */
  async find(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const own = ownKind(apiVersion, kind);
    if (own) return own;
    const known = this.#known.get(apiVersion);
    const found = (await known?.catch(() => undefined))?.get(kind);
    return found ?? (await this.#ask(apiVersion, known)).get(kind);
  }

  /** Callers at once share one question; `before` is the answer that did not do. */
  #ask(apiVersion: string, before: Promise<unknown> | undefined): Promise<Map<string, Resource>> {
    const current = this.#known.get(apiVersion);
    if (current && current !== before) return current;
    const base = baseOf(apiVersion);
    const asked = this.#read(base).then(body => resources(base, body));
    this.#known.set(apiVersion, asked);
    return asked;
  }
}

const baseOf = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

function ownKind(apiVersion: string, kind: string): Resource | undefined {
  const own = OWN[apiVersion];
  const namespaced = own?.namespaced.includes(kind) ?? false;
  if (!namespaced && !own?.cluster.includes(kind)) return undefined;
  const plural = `${kind.toLowerCase().replace(/s$/, 'se').replace(/y$/, 'ie')}s`;
  return { base: baseOf(apiVersion), plural, namespaced };
}

/** Every group in one document, with what of it is fresh. Source: kubernetes.io/docs/concepts/overview/kubernetes-api. */
export const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Where a group is another server's (metrics-server), the API keeps asking it, and says Stale while it has no answer. */
export function staleIn(body: string): string[] {
  const groups = parsed(body)?.items;
  if (!Array.isArray(groups))
    throw new OpsError('CLUSTER_REFUSED', 'cannot tell what the API serves: no list of groups');
  return groups.filter(isRecord).flatMap(({ metadata, versions }) => {
    const group = isRecord(metadata) ? metadata.name : undefined;
    const all = Array.isArray(versions) ? versions.filter(isRecord) : [];
    return all.filter(({ freshness }) => freshness === 'Stale').map(({ version }) => `${group}/${version}`);
  });
}

function resources(base: string, body: string | undefined): Map<string, Resource> {
  const list = parsed(body ?? '')?.resources;
  const found = new Map<string, Resource>();
  for (const entry of Array.isArray(list) ? list : []) {
    if (!isRecord(entry)) continue;
    const { name, kind, namespaced } = entry;
    // 'deployments/status' and its like are parts of an object, not a kind.
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/')) continue;
    found.set(kind, { base, plural: name, namespaced: namespaced === true });
  }
  return found;
}
