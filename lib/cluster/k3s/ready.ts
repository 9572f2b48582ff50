import type { AnyStep, Ctx, Decision } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { decideMissing, readyStep } from '../ready.ts';
import { type ClusterFacts, clusterFacts } from './nodes.ts';

export interface ReadyWant {
  version: string;
  nodes: readonly string[];
}

export interface ReadyFacts {
  cluster: ClusterFacts;
}

/** The API is ready, and every node of the inventory is, at the pinned version. */
export const k3sReadyStep = (site: Site): AnyStep =>
  readyStep<ReadyWant, ReadyFacts>(site, {
    want: { version: site.cluster.version, nodes: site.hosts.map(({ name }) => name) },
    needs: [{ step: 'k3s.kubeconfig', scope: 'same' }],
    deadline: minutes(5),
    observe: async ctx => ({ cluster: await clusterFacts(ctx) }),
    missing: notReady,
    mend: startNameless,
    decide: decideReady,
  });

/**
 * In one process with the controllers the kubelet may take their name for its own, which is empty: Kubernetes keeps it in one
 * variable of the package (pkg/volume/csi, nim). It asks for 2.5 minutes and then ends by itself.
 */
const NAMELESS = /failed to initialize CSINode: .*resource name may not be empty/;

async function startNameless({ cluster }: ReadyFacts, ctx: Ctx): Promise<boolean> {
  const node = cluster.answers && cluster.nodes.find(({ ready, why }) => !ready && NAMELESS.test(why));
  if (!node) return false;
  ctx.progress(`the kubelet of ${node.name} has lost its name: k3s is started once more`);
  const shell = await ctx.shell(node.name);
  await shell.run(['systemctl', 'restart', '--no-block', 'k3s'], { sudo: true });
  return true;
}

export function decideReady(want: ReadyWant | undefined, facts: ReadyFacts | undefined): Decision {
  if (want === undefined || facts === undefined) return { is: 'done', reason: 'nothing of its own' };
  return decideMissing(notReady(want, facts), `${want.nodes.join(', ')} Ready at ${want.version}`);
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
