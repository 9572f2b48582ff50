import type { Ctx, Decision, Step } from '../engine/index.ts';
import { isOpsError, oneLine } from '../errors/index.ts';

/** Nobody could be asked, for want of credentials: a plan says what a new site would get. */
interface Unseen {
  unseen: string;
}

const isUnseen = (facts: unknown): facts is Unseen => typeof facts === 'object' && facts !== null && 'unseen' in facts;

export interface Looking<W, F> {
  want: W;
  /** `removing`: the want is absent. */
  observe(ctx: Ctx, removing: boolean): Promise<F>;
  /** Facts of an account in which nothing of the site is there. */
  nothing: F;
  decide(want: W | undefined, facts: F): Decision;
}

/** The part of a step that looks: in a plan without credentials it guesses what a new site would get. */
export const looking = <W, F>(spec: Looking<W, F>): Pick<Step<W, F | Unseen>, 'want' | 'observe' | 'decide'> => ({
  want: spec.want,
  observe(ctx) {
    return seenIn(ctx, spec.observe(ctx, this.want === undefined));
  },
  decide: (want, facts) =>
    isUnseen(facts) ? decideUnseen(facts, spec.decide(want, spec.nothing)) : spec.decide(want, facts),
});

const seenIn = <F>({ run }: Ctx, facts: Promise<F>): Promise<F | Unseen> =>
  facts.catch(error => {
    if (run.verb !== 'plan' || !isOpsError(error, 'AWS_CREDENTIALS')) throw error;
    return { unseen: oneLine(error) };
  });

const decideUnseen = ({ unseen }: Unseen, guess: Decision): Decision => ({
  is: 'unknown',
  reason: unseen,
  likely: guess.is === 'changes' ? guess.changes : [],
});
