import type { ClusterApi, Ctx, KubeObject } from '../../engine/index.ts';
import { isOpsError, oneLine } from '../../errors/index.ts';
import { isRecord } from '../api/words.ts';

/** A node, in the words that a person reads. */
export interface NodeFacts {
  name: string;
  ready: boolean;
  /** Why it is not ready, as the kubelet says. */
  why: string;
  /** Of its kubelet. */
  version: string;
  /** Every name of every image. */
  images: readonly string[];
}

export type ClusterFacts =
  | { answers: true; nodes: readonly NodeFacts[] }
  /** `refuses`: it is there and says no, as it does while it starts or is overloaded. */
  | { answers: false; why: string; refuses: boolean };

/** Whether the API is ready, and what it says of its nodes. Any reason for no answer is an observation, not an error. */
export async function clusterFacts(ctx: Ctx): Promise<ClusterFacts> {
  try {
    const api = await ctx.cluster(ctx.target.site);
    await api.raw('/readyz');
    return { answers: true, nodes: await listNodes(api) };
  } catch (error) {
    if (!isOpsError(error) || error.code === 'KUBECONFIG_REFUSED') throw error;
    return { answers: false, why: oneLine(error), refuses: error.code === 'CLUSTER_REFUSED' };
  }
}

/** Names that a node lacks; undefined: it could not be asked, as before its first start. */
export async function missingImages(ctx: Ctx, node: string, names: readonly string[]): Promise<string[] | undefined> {
  const facts = await clusterFacts(ctx);
  const found = facts.answers ? facts.nodes.find(({ name }) => name === node) : undefined;
  return found && names.filter(name => !found.images.includes(name));
}

async function listNodes(api: ClusterApi): Promise<NodeFacts[]> {
  return (await api.list({ apiVersion: 'v1', kind: 'Node' })).map(nodeFacts);
}

export function nodeFacts({ metadata, status }: KubeObject): NodeFacts {
  const known = isRecord(status) ? status : {};
  const condition = records(known.conditions).find(({ type }) => type === 'Ready');
  const info = isRecord(known.nodeInfo) ? known.nodeInfo : {};
  const why = [condition?.reason, condition?.message].filter(Boolean).join(': ');
  return {
    name: metadata.name,
    ready: condition?.status === 'True' && metadata.deletionTimestamp === undefined,
    why: why || 'no word from its kubelet yet',
    version: String(info.kubeletVersion ?? ''),
    images: records(known.images).flatMap(({ names }) => (Array.isArray(names) ? names.map(String) : [])),
  };
}

const records = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : []);
