import type { AnyStep, Ctx, Decision, Need, Step } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import type { Duration } from '../time/index.ts';

interface Ready<W, F> {
  want: W;
  needs: readonly Need[];
  /** Of the wait; a minute more for the step. */
  deadline: Duration;
  observe(ctx: Ctx): Promise<F>;
  /** What is still missing, in the field's words. */
  missing(want: W, facts: F): string[];
  decide(want: W | undefined, facts: F | undefined): Decision;
}

/** cluster.ready, whatever the kind: what stands on a cluster needs it. */
export function readyStep<W, F>(site: Site, { want, needs, deadline, observe, missing, decide }: Ready<W, F>): AnyStep {
  const { name } = site;
  const step: Step<W, F | undefined> = {
    id: 'cluster.ready',
    title: `Cluster ${name} is ready`,
    target: { site: name, kind: 'cluster', name },
    want,
    needs,
    deadline: deadline + 60_000,
    async observe(ctx) {
      return this.want === undefined ? undefined : observe(ctx);
    },
    decide,
    apply: (change, ctx) =>
      ctx.effect(change, async () => {
        await ctx.wait({
          what: `cluster ${name} ready`,
          deadline,
          every: 1000,
          hint: `kubectl --kubeconfig kubeconfigs/${name}.yaml get nodes,events -A`,
          probe: async () => {
            const open = missing(want, await observe(ctx));
            return open.length === 0 ? { value: true } : { saw: open.join('; ') };
          },
        });
      }),
  };
  return step;
}

/** `reason`: what is true when nothing is missing. */
export function decideMissing(missing: readonly string[], reason: string): Decision {
  if (missing.length === 0) return { is: 'done', reason };
  const from = missing.join('; ');
  return {
    is: 'changes',
    changes: [{ action: 'run', what: 'wait for the cluster', from, to: 'ready', grade: 'known' }],
  };
}
