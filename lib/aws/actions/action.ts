export interface Action {
  /** IAM's name: 'ec2:DescribeVpcs'. */
  action: string;
  /** read: changes nothing, and is asked again when no answer came. */
  kind: 'read' | 'write';
  /** Why muster calls it, for the person who grants it. */
  why: string;
}

export const read = (action: string, why: string): Action => ({ action, kind: 'read', why });
export const write = (action: string, why: string): Action => ({ action, kind: 'write', why });
