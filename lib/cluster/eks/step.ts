import type { AnyStep, Change, Ctx, Need } from '../../engine/index.ts';
import { type Looking, looking } from '../../host/unseen.ts';
import type { Duration } from '../../time/index.ts';
import type { Eks } from './site.ts';

interface EksStep<W, F> extends Looking<W, F> {
  id: string;
  title: string;
  needs: readonly Need[];
  deadline: Duration;
  destroys?: boolean;
  act(change: Change, ctx: Ctx): Promise<unknown>;
  /** Each change may be ordered twice: it is not looked at once more before. */
  harmless?: boolean;
}

/**
 * A step of the cluster. Before a change it is looked at once more: what an earlier one brought along, or a killed run
 * had ordered and EKS has done meanwhile, is not ordered again.
 */
export function eksStep<W, F>({ site }: Eks, spec: EksStep<W, F>): AnyStep {
  const { id, title, needs, deadline, destroys } = spec;
  return {
    id,
    title,
    target: { site: site.name, kind: 'cluster', name: site.name },
    ...looking(spec),
    needs,
    deadline,
    ...(destroys !== undefined && { destroys }),
    async apply(change, ctx) {
      const now = spec.harmless || spec.decide(this.want, await spec.observe(ctx, this.want === undefined));
      const open = now === true || now.is === 'unknown' || (now.is === 'changes' && now.changes.some(is(change)));
      if (open) await ctx.effect(change, () => spec.act(change, ctx));
    },
  };
}

const is =
  ({ action, what }: Change) =>
  (other: Change) =>
    other.action === action && other.what === what;

export const after = (...steps: string[]): Need[] => steps.map((step): Need => ({ step, scope: 'same' }));
