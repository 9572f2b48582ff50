import { awsFailure, isAws } from '../../aws/index.ts';
import type { Change, Ctx } from '../../engine/index.ts';
import { isOpsError, oneLine } from '../../errors/index.ts';
import { type Duration, minutes, seconds } from '../../time/index.ts';

/** How long AWS's lists may lag behind what was made: ten seconds were seen. */
const LAG = seconds(30);

/** 'InvalidVpcID.NotFound' and its kin: gone, or given out a moment ago and not known everywhere yet. */
export const isNotFound = (error: unknown): boolean => /NotFound$|^NatGatewayNotFound$/.test(awsFailure(error).name);

/** Looked for until it is there. */
export const until = <T>(
  what: string,
  deadline: Duration,
  look: () => Promise<T | undefined>,
  ctx: Ctx,
  saw = 'not in the list',
): Promise<T> =>
  ctx.wait<T>({
    what,
    deadline,
    every: 500,
    hint: 'run again: what was done is found by its tags',
    probe: async () => {
      const seen = await look();
      return seen === undefined ? { saw } : { value: seen };
    },
  });

interface Creation<T> {
  change: Change;
  /** Asks AWS now, by tag. */
  find(): Promise<T | undefined>;
  create(): Promise<unknown>;
}

/**
 * One thing, of which AWS would make two when asked twice. What a killed run or a lost answer may have left is looked for as
 * long as a list may lag; then it is asked for again.
 */
export async function createOnce<T>({ change, find, create }: Creation<T>, ctx: Ctx): Promise<T> {
  const appears = () =>
    until(`${change.what} in AWS's lists`, LAG, find, ctx).catch(error => {
      if (!isOpsError(error, 'WAIT_TIMEOUT')) throw error;
      return undefined;
    });
  const there = await (ctx.unfinished(change) ? appears() : find());
  if (there !== undefined) return there;
  for (let attempt = 1; ; attempt++) {
    try {
      await create();
      break;
    } catch (error) {
      if (!isOpsError(error, 'AWS_UNREACHABLE') || attempt === 3) throw error;
      ctx.progress(`no answer came: is ${change.what} there?`);
      const made = await appears();
      if (made !== undefined) return made;
    }
  }
  return until(`${change.what} in AWS's lists`, minutes(2), find, ctx);
}

/** Tried again while `pass` says that time alone will help. */
export const patiently = <T>(
  what: string,
  act: () => Promise<T>,
  ctx: Ctx,
  pass: (error: unknown) => boolean = isNotFound,
  deadline: Duration = minutes(1),
): Promise<T> =>
  ctx.wait<T>({
    what,
    deadline,
    every: 1000,
    hint: 'run again: what was done is found by its tags',
    probe: async () => {
      try {
        return { value: await act() };
      } catch (error) {
        if (!pass(error)) throw error;
        return { saw: oneLine(error) };
      }
    },
  });

/** Of a call that is to happen once, and is refused the second time: then it has happened. */
export const unlessDone = async (act: Promise<unknown>, ...names: string[]): Promise<void> => {
  await act.catch(error => {
    if (!isAws(error, ...names)) throw error;
  });
};

/** What still holds it goes first, behind our back and in its own time: an interface, a load balancer. */
const isHeld = (error: unknown) => isAws(error, 'DependencyViolation', 'InvalidIPAddress.InUse', 'AuthFailure.InUse');

/** Gone, and seen gone. */
export async function removeWhole(
  what: string,
  remove: () => Promise<unknown>,
  there: () => Promise<boolean>,
  ctx: Ctx,
): Promise<void> {
  const once = () =>
    remove().catch(error => {
      if (!isNotFound(error)) throw error;
    });
  await patiently(`${what} let go`, once, ctx, isHeld, minutes(10));
  await until(`${what} gone`, minutes(10), async () => ((await there()) ? undefined : true), ctx, 'still in the list');
}
