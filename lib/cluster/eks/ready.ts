import type { AnyStep, ClusterApi, Ctx, Decision, KubeObject } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { isRecord } from '../api/words.ts';
import { type ClusterFacts, clusterFacts } from '../k3s/nodes.ts';
import { decideMissing, readyStep } from '../ready.ts';
import type { Eks } from './site.ts';
import { after } from './step.ts';

export interface ReadyWant {
  /** Kubernetes' minor: '1.36'. */
  version: string;
  /** Of all groups together. */
  nodes: number;
}

export interface ReadyFacts {
  cluster: ClusterFacts;
  /** System workloads of which pods are missing, in words. */
  open: readonly string[];
}

/** The API is ready, as many nodes as wanted are, at the control plane's version, and so is what the system runs. */
export const eksReadyStep = ({ site, want, fence }: Eks): AnyStep =>
  readyStep<ReadyWant, ReadyFacts>(site, {
    want: { version: want.version, nodes: want.nodes.reduce((sum, { desired }) => sum + desired, 0) },
    needs: after(
      ...['eks.kubeconfig', 'eks.nodes-left', ...want.nodes.map(group => `eks.nodes.${group.name}`)],
      ...(fence ? ['eks.endpoint', 'eks.fence'] : []),
    ),
    deadline: minutes(10),
    observe,
    missing: notReady,
    decide: decideReady,
  });

async function observe(ctx: Ctx): Promise<ReadyFacts> {
  const cluster = await clusterFacts(ctx);
  return { cluster, open: cluster.answers ? await openWorkloads(await ctx.cluster(ctx.target.site)) : [] };
}

async function openWorkloads(api: ClusterApi): Promise<string[]> {
  const of = { apiVersion: 'apps/v1', namespace: 'kube-system' };
  const [deployments, sets] = await Promise.all([
    api.list({ ...of, kind: 'Deployment' }),
    api.list({ ...of, kind: 'DaemonSet' }),
  ]);
  const missing = (object: KubeObject, wanted: unknown, there: unknown) =>
    Number(there ?? 0) >= Number(wanted ?? 0)
      ? []
      : [`${object.kind} ${object.metadata.name}: ${Number(there ?? 0)} of ${Number(wanted)} pods`];
  return [
    ...deployments.flatMap(object =>
      missing(object, part(object, 'spec').replicas ?? 1, part(object, 'status').availableReplicas),
    ),
    ...sets.flatMap(object => {
      const { desiredNumberScheduled, numberReady } = part(object, 'status');
      return missing(object, desiredNumberScheduled, numberReady);
    }),
  ].sort();
}

const part = (object: KubeObject, name: 'spec' | 'status'): Record<string, unknown> => {
  const found = object[name];
  return isRecord(found) ? found : {};
};

export function decideReady(want: ReadyWant | undefined, facts: ReadyFacts | undefined): Decision {
  if (want === undefined || facts === undefined) return { is: 'done', reason: 'nothing of its own' };
  return decideMissing(notReady(want, facts), `${want.nodes} nodes Ready at ${want.version}`);
}

function notReady(want: ReadyWant, { cluster, open }: ReadyFacts): string[] {
  if (!cluster.answers) return [cluster.why];
  const ready = cluster.nodes.filter(node => node.ready);
  const good = ready.filter(node => node.version.startsWith(`v${want.version}.`));
  const old = ready.filter(node => !good.includes(node)).map(node => `node ${node.name} runs ${node.version}`);
  const count = good.length >= want.nodes ? [] : [`${good.length} of ${want.nodes} nodes are Ready at ${want.version}`];
  return [...count, ...old, ...open];
}
