import { OpsError } from '../../errors/index.ts';
import { isRecord, parsed } from './words.ts';

/** Where objects of a kind lie. */
export interface Resource {
  /** '/api/v1', '/apis/apps/v1'. */
  base: string;
  plural: string;
  namespaced: boolean;
}

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
    const known = this.#known.get(apiVersion);
    const found = (await known?.catch(() => undefined))?.get(kind);
    return found ?? (await this.#ask(apiVersion, known)).get(kind);
  }

  /** Callers at once share one question; `before` is the answer that did not do. */
  #ask(apiVersion: string, before: Promise<unknown> | undefined): Promise<Map<string, Resource>> {
    const current = this.#known.get(apiVersion);
    if (current && current !== before) return current;
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const asked = this.#read(base).then(body => resources(base, body));
    this.#known.set(apiVersion, asked);
    return asked;
  }
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
