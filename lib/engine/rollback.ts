import { oneLine } from '../errors/index.ts';
import { type Gate, type RunEnv, stepContext } from './context.ts';
import { stepKey } from './order.ts';
import type { AnyStep } from './types.ts';

/**
 * Removes what a failed run made, the newest first: each step once more, without its want. A removal that fails is
 * reported and does not stop the others. Resolves with what is still there.
 */
export async function rollback(made: readonly AnyStep[], env: RunEnv, gate: Gate): Promise<string[]> {
  const left: string[] = [];
  for (const step of [...made].reverse()) {
    const { want: _, ...rest } = step;
    const removal: AnyStep = { ...rest };
    try {
      const ctx = stepContext(removal, env, gate, env.signal);
      const decision = removal.decide(undefined, await removal.observe(ctx));
      if (decision.is === 'changes') for (const change of decision.changes) await removal.apply(change, ctx);
      const after = removal.decide(undefined, await removal.observe(ctx));
      if (after.is !== 'done') left.push(stepKey(step));
    } catch (error) {
      left.push(`${stepKey(step)} (${oneLine(error)})`);
    }
  }
  return left;
}
