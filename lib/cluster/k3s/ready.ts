import type { AnyStep, Change, Decision, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import type { K3sArtifacts } from './artifacts.ts';
import { type ClusterFacts, clusterFacts } from './nodes.ts';

export interface ReadyWant {
  version: string;
  nodes: readonly string[];
}

export interface ReadyFacts {
  cluster: ClusterFacts;
  /** Images that every node must have; absent: not known, since the archive is not made yet. */
  images?: readonly string[];
}

/** The API is ready, every node of the inventory is, at the pinned version, with its images. */
export function readyStep(site: Site, artifacts: K3sArtifacts): AnyStep {
  const want: ReadyWant = { version: site.cluster.version, nodes: site.hosts.map(({ name }) => name) };
  const observe = async (ctx: Parameters<Step['observe']>[0]): Promise<ReadyFacts> => {
    const [cluster, images] = await Promise.all([clusterFacts(ctx), artifacts.images.find()]);
    return { cluster, ...(images && { images: images.names }) };
  };
  const step: Step<ReadyWant, ReadyFacts | undefined> = {
    id: 'k3s.ready',
    title: `Cluster ${site.name} is ready`,
    target: { site: site.name, kind: 'cluster', name: site.name },
    want,
    needs: [{ step: 'k3s.kubeconfig', scope: 'same' }],
    deadline: minutes(6),
    async observe(ctx) {
      return this.want === undefined ? undefined : observe(ctx);
    },
    decide: decideReady,
    apply: (change, ctx) =>
      ctx.effect(change, async () => {
        await ctx.wait({
          what: `cluster ${site.name} ready`,
          deadline: minutes(5),
          every: 1000,
          hint: `kubectl --kubeconfig kubeconfigs/${site.name}.yaml get nodes,events -A`,
          probe: async () => {
            const open = notReady(want, await observe(ctx));
            return open.length === 0 ? { value: true } : { saw: open.join('; ') };
          },
        });
      }),
  };
  return step;
}

export function decideReady(want: ReadyWant | undefined, facts: ReadyFacts | undefined): Decision {
  if (want === undefined || facts === undefined) return { is: 'done', reason: 'nothing of its own' };
  const open = notReady(want, facts);
  const change: Change = {
    action: 'run',
    what: 'wait for the cluster',
    from: open.join('; '),
    to: 'ready',
    grade: 'known',
  };
  if (open.length > 0) return { is: 'changes', changes: [change] };
  return { is: 'done', reason: `${want.nodes.join(', ')} Ready at ${want.version}` };
}

/** What is still missing, in the field's words. */
function notReady(want: ReadyWant, { cluster, images = [] }: ReadyFacts): string[] {
  if (!cluster.answers) return [cluster.why];
  return want.nodes.flatMap(name => {
    const node = cluster.nodes.find(other => other.name === name);
    if (!node) return [`node ${name} has not joined`];
    if (node.version !== want.version) return [`node ${name} runs ${node.version}, expected ${want.version}`];
    if (!node.ready) return [`node ${name} is not Ready (${node.why})`];
    const missing = images.filter(image => !node.images.includes(image));
    return missing.length > 0 ? [`node ${name} lacks ${missing.join(', ')}`] : [];
  });
}
