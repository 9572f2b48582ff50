import { type Action, read } from './actions/action.ts';
import { EC2_ACTIONS } from './actions/ec2.ts';
import { EKS_ACTIONS } from './actions/eks.ts';
import { BALANCER_ACTIONS } from './actions/elb.ts';
import { IMPLIED } from './actions/implied.ts';
import { S3_ACTIONS } from './actions/s3.ts';

export type { Action };

/**
 * Every action of AWS that muster calls, and nothing else: the gate refuses a call that is not here, and
 * `./muster aws-policy` is generated from it. `write` actions are tied to the site by its tags where AWS can.
 */
export const ACTIONS: readonly Action[] = [
  read('sts:GetCallerIdentity', 'to refuse every account but the one that the inventory names'),
  ...EC2_ACTIONS,
  ...EKS_ACTIONS,
  ...BALANCER_ACTIONS,
  ...S3_ACTIONS,
];

/** What a policy grants: the calls, and what AWS asks for behind them. */
export const GRANTED: readonly Action[] = [...ACTIONS, ...IMPLIED];

const byName = new Map(ACTIONS.map(entry => [entry.action, entry]));

export const actionOf = (action: string): Action | undefined => byName.get(action);
