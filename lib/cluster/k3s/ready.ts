import type { AnyStep, Change, Ctx, Decision, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { type ClusterFacts, clusterFacts } from './nodes.ts';

export interface ReadyWant {
  version: string;
  nodes: readonly string[];
}

export interface ReadyFacts {
  cluster: ClusterFacts;
}

/** The API is ready, and every node of the inventory is, at the pinned version. */
export function readyStep(site: Site): AnyStep {
  const want: ReadyWant = { version: site.cluster.version, nodes: site.hosts.map(({ name }) => name) };
  const observe = async (ctx: Ctx): Promise<ReadyFacts> => ({ cluster: await clusterFacts(ctx) });
  const step: Step<ReadyWant, ReadyFacts | undefined> = {
    id: 'cluster.ready',
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
function notReady(want: ReadyWant, { cluster }: ReadyFacts): string[] {
  if (!cluster.answers) return [cluster.why];
  return want.nodes.flatMap(name => {
    const node = cluster.nodes.find(other => other.name === name);
    if (!node) return [`node ${name} has not joined`];
    if (node.version !== want.version) return [`node ${name} runs ${node.version}, expected ${want.version}`];
    return node.ready ? [] : [`node ${name} is not Ready (${node.why})`];
  });
}
