import type { Ctx, Decision } from '../engine/index.ts';
import { isOpsError, oneLine } from '../errors/index.ts';

/** Nobody could be asked, for want of credentials: a plan says what a new site would get. */
export interface Unseen {
  unseen: string;
}

export const isUnseen = (facts: unknown): facts is Unseen =>
  typeof facts === 'object' && facts !== null && 'unseen' in facts;

/** What was seen; in a plan without credentials why not. */
export const seenIn = <F>({ run }: Ctx, facts: Promise<F>): Promise<F | Unseen> =>
  facts.catch(error => {
    if (run.verb !== 'plan' || !isOpsError(error, 'AWS_CREDENTIALS')) throw error;
    return { unseen: oneLine(error) };
  });

/** `guess`: what would be decided of a site of which nothing is there. */
export const decideUnseen = ({ unseen }: Unseen, guess: Decision): Decision => ({
  is: 'unknown',
  reason: unseen,
  likely: guess.is === 'changes' ? guess.changes : [],
});
