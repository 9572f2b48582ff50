import { AwsError } from '../errors.ts';
import type { Call } from '../service.ts';
import { ec2Of } from './state.ts';

/**
 * "Ensuring idempotency in Amazon EC2 API requests": the same token with the same parameters answers with what was made
 * before; with others it is refused.
 */
export function once<T>(
  operation: string,
  token: string | undefined,
  call: Call,
  show: (id: string) => T,
  make: () => string,
): T {
  if (token === undefined) return show(make());
  // "up to 64 ASCII characters"
  if (!/^[\x21-\x7e]{1,64}$/.test(token))
    throw new AwsError('InvalidParameterValue', `Value (${token}) for parameter clientToken is invalid.`);
  const { tokens } = ec2Of(call);
  const key = `${operation} ${token}`;
  const asked = JSON.stringify(call.raw);
  const found = tokens.get(key);
  if (found && found.asked !== asked)
    throw new AwsError(
      'IdempotentParameterMismatch',
      'The client token you have provided is associated with a resource that was created with different parameters.',
    );
  if (found?.ids[0] !== undefined) return show(found.ids[0]);
  const id = make();
  tokens.set(key, { asked, ids: [id] });
  return show(id);
}
