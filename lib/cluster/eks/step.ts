import type { AnyStep, Change, Ctx, Decision, Need, Step } from '../../engine/index.ts';
import { decideUnseen, isUnseen, seenIn, type Unseen } from '../../host/unseen.ts';
import type { Duration } from '../../time/index.ts';
import type { Eks } from './site.ts';

interface EksStep<W, F> {
  id: string;
  title: string;
  want: W;
  needs: readonly Need[];
  deadline: Duration;
  destroys?: boolean;
  /** `removing`: the want is absent. */
  observe(ctx: Ctx, removing: boolean): Promise<F>;
  /** Facts of an account in which nothing of the site is there. */
  nothing: F;
  decide(want: W | undefined, facts: F): Decision;
  act(change: Change, ctx: Ctx): Promise<unknown>;
  /** Each change may be ordered twice: it is not looked at once more before. */
  harmless?: boolean;
}

/**
 * A step of the cluster. Before a change it is looked at once more: what an earlier one brought along, or a killed run
 * had ordered and EKS has done meanwhile, is not ordered again.
 */
export function eksStep<W, F>({ site }: Eks, spec: EksStep<W, F>): AnyStep {
  const { id, title, want, needs, deadline, destroys } = spec;
  const step: Step<W, F | Unseen> = {
    id,
    title,
    target: { site: site.name, kind: 'cluster', name: site.name },
    want,
    needs,
    deadline,
    ...(destroys !== undefined && { destroys }),
    observe(ctx) {
      return seenIn(ctx, spec.observe(ctx, this.want === undefined));
    },
    decide: (wanted, facts) =>
      isUnseen(facts) ? decideUnseen(facts, spec.decide(wanted, spec.nothing)) : spec.decide(wanted, facts),
    async apply(change, ctx) {
      const now = spec.harmless || spec.decide(this.want, await spec.observe(ctx, this.want === undefined));
      const open = now === true || now.is === 'unknown' || (now.is === 'changes' && now.changes.some(is(change)));
      if (open) await ctx.effect(change, () => spec.act(change, ctx));
    },
  };
  return step;
}

const is =
  ({ action, what }: Change) =>
  (other: Change) =>
    other.action === action && other.what === what;

export const after = (...steps: string[]): Need[] => steps.map((step): Need => ({ step, scope: 'same' }));
