import type { ClusterApi, Ctx, KubeObject } from '../engine/index.ts';
import { isOpsError, oneLine } from '../errors/index.ts';
import { minutes } from '../time/index.ts';
import { refOf } from './manifest.ts';
import { blocks, broken, crashCounter, hopeless, isPull, jobBroken, podsOf, type Trouble, troubles } from './pods.ts';
import { hasPods, jobFailed, rolloutOpen } from './rollout.ts';

/** What is still missing, and the workloads behind it. */
export interface Open {
  open: readonly string[];
  workloads: readonly KubeObject[];
}

/**
 * Waits while something is open, naming the pods behind it. Errors: WORKLOAD_BROKEN as soon as waiting cannot help,
 * with the container's last lines; WAIT_TIMEOUT.
 */
export async function waitUntilItWorks(
  name: string,
  ctx: Ctx,
  look: (api: ClusterApi) => Promise<Open>,
): Promise<void> {
  let pullingSince: number | undefined;
  let steady = false;
  const crashes = crashCounter();
  await ctx.wait({
    what: `${name} to work`,
    deadline: minutes(4),
    every: 1000,
    hint: 'kubectl get pods,events -A',
    probe: async () => {
      try {
        const api = await ctx.cluster(ctx.target.site);
        const { open, workloads } = await look(api);
        // Twice in a row: what has just come up may go down once more.
        if (open.length === 0 && steady) return { value: true };
        steady = open.length === 0;
        if (steady) return { saw: 'it works, for a moment' };
        const failed = workloads.find(object => jobFailed(object) !== undefined);
        if (failed) throw await jobBroken(api, failed);
        const found = await troublesOf(api, workloads);
        const now = ctx.clock.monotonic();
        pullingSince = found.some(({ reason }) => isPull(reason)) ? (pullingSince ?? now) : undefined;
        const final = hopeless(found, pullingSince === undefined ? 0 : now - pullingSince, crashes);
        if (final) throw await broken(api, final);
        return { saw: [...open, ...found.map(shown)].join('; ') };
      } catch (error) {
        // An API server that restarts meanwhile is waited for like anything else.
        if (isOpsError(error, 'CLUSTER_UNREACHABLE')) return { saw: oneLine(error) };
        throw error;
      }
    },
  });
}

/** Within the effect of the rollout: what blocks it by Kubernetes' own rule is taken out of its way. */
async function troublesOf(api: ClusterApi, workloads: readonly KubeObject[]): Promise<Trouble[]> {
  const open = workloads.filter(object => hasPods(object) && rolloutOpen(object) !== undefined);
  const found = await Promise.all(
    open.map(async workload => {
      const { current, old } = await podsOf(api, workload);
      for (const pod of old.filter(other => blocks(workload, other))) await api.remove(refOf(pod));
      return current.flatMap(troubles);
    }),
  );
  return found.flat();
}

const shown = ({ where, reason, message }: Trouble) =>
  `${where} ${reason}${message ? ` (${message.slice(0, 120)})` : ''}`;
