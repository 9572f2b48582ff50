import type { AnyStep, Ctx, Decision, Need, Step } from '../engine/index.ts';
import { isOpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { type Duration, type Seen, seconds } from '../time/index.ts';
import type { ClusterFacts } from './k3s/nodes.ts';

/** An overloaded cluster that stands says no for a moment, and that is nothing to change. */
const MOMENT: Duration = seconds(10);
/** What a plan was told is good for less (lib/engine/moment.ts). */
const AGAIN: Duration = seconds(2.1);

interface Ready<W, F extends { cluster: ClusterFacts }> {
  want: W;
  needs: readonly Need[];
  /** Of the wait; a minute more for the step. */
  deadline: Duration;
  observe(ctx: Ctx): Promise<F>;
  /** What is still missing, in the field's words. */
  missing(want: W, facts: F): string[];
  /** What does not come right by itself, or too late, is put right once. Whether it did something. */
  mend?(facts: F, ctx: Ctx): Promise<boolean>;
  decide(want: W | undefined, facts: F | undefined): Decision;
}

/** cluster.ready, whatever the kind: what stands on a cluster needs it. */
export function readyStep<W, F extends { cluster: ClusterFacts }>(
  site: Site,
  { want, needs, deadline, observe, missing, mend = async () => false, decide }: Ready<W, F>,
): AnyStep {
  const { name } = site;
  const step: Step<W, F | undefined> = {
    id: 'cluster.ready',
    title: `Cluster ${name} is ready`,
    target: { site: name, kind: 'cluster', name },
    want,
    needs,
    deadline: deadline + 60_000,
    async observe(ctx) {
      return this.want === undefined ? undefined : settled(ctx, observe, facts => missing(want, facts));
    },
    decide,
    apply: (change, ctx) =>
      ctx.effect(change, async () => {
        let mended = false;
        await ctx.wait({
          what: `cluster ${name} ready`,
          deadline,
          every: 1000,
          hint: `kubectl --kubeconfig kubeconfigs/${name}.yaml get nodes,events -A`,
          probe: async () => {
            const facts = await observe(ctx);
            const open = missing(want, facts);
            if (open.length === 0) return { value: true };
            if (!mended) mended = await mend(facts, ctx);
            return { saw: open.join('; ') };
          },
        });
      }),
  };
  return step;
}

/** What is so of the cluster for longer than a moment: one that answers, and of which something is missing, is looked at again. */
async function settled<F extends { cluster: ClusterFacts }>(
  ctx: Ctx,
  observe: (ctx: Ctx) => Promise<F>,
  missing: (facts: F) => string[],
): Promise<F> {
  let facts = await observe(ctx);
  const open = () => (facts.cluster.answers || facts.cluster.refuses ? missing(facts) : []);
  if (open().length === 0) return facts;
  const what = `cluster ${ctx.target.site} ready at another look`;
  const probe = async (): Promise<Seen<F>> => {
    facts = await observe(ctx);
    return open().length === 0 ? { value: facts } : { saw: open().join('; ') };
  };
  return ctx.wait({ what, deadline: MOMENT, every: AGAIN, hint: '', probe }).catch(error => {
    if (isOpsError(error, 'WAIT_TIMEOUT')) return facts;
    throw error;
  });
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
