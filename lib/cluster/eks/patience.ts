import { awsFailure, isAws } from '../../aws/index.ts';
import type { Ctx } from '../../engine/index.ts';
import { hashWant } from '../../engine/order.ts';
import { OpsError, oneLine } from '../../errors/index.ts';
import { type Duration, minutes } from '../../time/index.ts';
import { clusterName, type Eks } from './site.ts';

/** undefined where AWS says that it is not there. */
export const unlessAbsent = <T>(answer: Promise<T>): Promise<T | undefined> =>
  answer.catch(error => {
    if (!isAws(error, 'ResourceNotFoundException', 'NoSuchEntity', 'NoSuchEntityException')) throw error;
    return undefined;
  });

/** Of a call that is refused the second time, since it was done the first. */
export const unlessDone = async (answer: Promise<unknown>, ...names: string[]): Promise<void> => {
  await answer.catch(error => {
    if (!isAws(error, ...names)) throw error;
  });
};

/** The same request after a lost answer has the same token; the same wish in a later run another one: EKS keeps old ones. */
export const tokenOf = (ctx: Ctx, wish: object): string => `muster-${hashWant({ wish, run: ctx.run.id })}`;

const HINT = 'run again: what was ordered goes on, and is found by its name';

/** Until `look` gives something; undefined is not there yet. */
export const until = <T>(
  ctx: Ctx,
  what: string,
  deadline: Duration,
  look: () => Promise<{ value: T } | { saw: string }>,
  every: Duration = 5000,
): Promise<T> => ctx.wait({ what, deadline, every, hint: HINT, probe: look });

/** IAM tells EKS of a new role in its own time: ten seconds are usual. */
export const whileRoleIsNew = (ctx: Ctx, what: string, act: () => Promise<void>): Promise<void> =>
  until(ctx, `${what} accepted`, minutes(2), async () => {
    try {
      return { value: await act() };
    } catch (error) {
      const { name, words } = awsFailure(error);
      if (name !== 'InvalidParameterException' || !/\brole\b/i.test(words)) throw error;
      return { saw: oneLine(error) };
    }
  });

/** An update that EKS accepted, until it is done. Errors: EKS_FAILED with EKS's reasons. */
export async function updateDone(
  eks: Eks,
  ctx: Ctx,
  what: string,
  deadline: Duration,
  of: { updateId: string; nodegroupName?: string; addonName?: string },
): Promise<void> {
  await until(ctx, `${what} to be done`, deadline, async () => {
    const answer = await unlessAbsent(
      eks.aws.call(
        'eks',
        `see how ${what} goes`,
        sdk => new sdk.DescribeUpdateCommand({ name: clusterName(eks), ...of }),
      ),
    );
    const { status, errors = [] } = answer?.update ?? {};
    if (status === 'Successful') return { value: true };
    if (status === 'Failed' || status === 'Cancelled')
      throw failed(
        what,
        status,
        errors.map(({ errorCode, errorMessage }) => `${errorCode}: ${errorMessage}`),
      );
    return { saw: status ?? 'not in the list' };
  });
}

export const failed = (what: string, status: string, reasons: readonly string[]): OpsError =>
  new OpsError('EKS_FAILED', `cannot finish ${what}: EKS says ${status}`, { details: reasons });

/** Names are given out once: somebody has this one. */
export const foreign = (what: string): OpsError =>
  new OpsError('AWS_FOREIGN', `cannot use the ${what}: it is there, and muster did not make it for this site`, {
    hint: 'give the site another name: muster builds its own beside it; to work in a cluster that is there, and leave it as it is: cluster.existing in the inventory',
  });
