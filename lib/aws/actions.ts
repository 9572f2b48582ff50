/**
 * Every action of AWS that muster calls, and nothing else: the gate refuses a call that is not here, and
 * `./muster aws-policy` is generated from it. `write` actions are tied to the site by its tags where AWS can.
 */
export interface Action {
  /** IAM's name: 'ec2:DescribeVpcs'. */
  action: string;
  /** read: changes nothing, and is asked again when no answer came. */
  kind: 'read' | 'write';
  /** Why muster calls it, for the person who grants it. */
  why: string;
}

const read = (action: string, why: string): Action => ({ action, kind: 'read', why });

export const ACTIONS: readonly Action[] = [
  read('sts:GetCallerIdentity', 'to refuse every account but the one that the inventory names'),
];

const byName = new Map(ACTIONS.map(entry => [entry.action, entry]));

export const actionOf = (action: string): Action | undefined => byName.get(action);
