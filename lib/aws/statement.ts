/** Of a policy, as IAM reads it. */
export interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: readonly string[];
  Resource: string | readonly string[];
  Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  Version: '2012-10-17';
  Statement: Statement[];
}
