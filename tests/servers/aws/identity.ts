import { randomBytes, randomInt } from 'node:crypto';
import { AwsError } from './errors.ts';
import { type Claim, parseDate, type Signed, signatureFits } from './signature.ts';

/** Who a key belongs to. */
export interface Caller {
  account: string;
  arn: string;
  userId: string;
}

export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  caller: Caller;
  /** Milliseconds of the server's clock; none: they do not expire. */
  expires?: number;
  /** Actions as in a policy: 'ec2:Describe*'; none: all of them. */
  allowed?: readonly string[];
}

/** How the protocols name the same refusals. */
export type Dialect = 'ec2' | 'query' | 'json';
export const MOST_SKEW = 15 * 60_000;

const upper = (length: number) =>
  Array.from({ length }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(randomInt(32))).join('');

export const newKeys = (caller: Caller): Keys => ({
  accessKeyId: `AKIA${upper(16)}`,
  secretAccessKey: randomBytes(30).toString('base64'),
  caller,
});

export const sessionKeys = (caller: Caller, expires: number): Keys => ({
  ...newKeys(caller),
  accessKeyId: `ASIA${upper(16)}`,
  sessionToken: randomBytes(120).toString('base64'),
  expires,
});

export const userId = (prefix: 'AIDA' | 'AROA' | 'AIPA' | 'ANPA'): string => `${prefix}${upper(17)}`;

/**
 * Who calls, once the signature was seen to be right. The codes are those of the services' "Common errors" pages; for EC2
 * of "Error codes for the Amazon EC2 API".
 */
export function authenticate(request: Signed, claim: Claim | undefined, keys: Keys[], now: number, as: Dialect): Keys {
  const refuse = refusals(as);
  if (!claim) throw refuse.missing();
  const found = keys.find(({ accessKeyId }) => accessKeyId === claim.key);
  if (!found || found.sessionToken !== claim.token) throw refuse.unknownKey();
  if (!signatureFits(request, claim, found.secretAccessKey)) throw refuse.wrongSignature();
  const at = parseDate(claim.date);
  if (Number.isNaN(at) || claim.date.slice(0, 8) !== claim.day) throw refuse.wrongSignature();
  if (Math.abs(at - now) > MOST_SKEW) throw refuse.skewed(at, now);
  if (claim.expires !== undefined && at + claim.expires * 1000 < now) throw refuse.skewed(at, now);
  if (found.expires !== undefined && found.expires <= now) throw refuse.expired();
  return found;
}

/** Errors: that of the service, when the keys do not allow the action. */
export function authorize({ allowed, caller }: Pick<Keys, 'allowed' | 'caller'>, action: string, as: Dialect): void {
  const fits = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(action);
  // GetCallerIdentity: "No permissions are required to perform this operation."
  if (!allowed || allowed.some(fits) || action === 'sts:GetCallerIdentity') return;
  const message = `User: ${caller.arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
  if (as === 'ec2')
    throw new AwsError('UnauthorizedOperation', `You are not authorized to perform this operation. ${message}`, 403);
  throw new AwsError(as === 'json' ? 'AccessDeniedException' : 'AccessDenied', message, as === 'json' ? 400 : 403);
}

const invalid = 'The security token included in the request is invalid.';
const stale = 'The security token included in the request is expired';
const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.';
const notValidated = 'AWS was not able to validate the provided access credentials';

function skew(at: number, now: number): string {
  const text = (time: number) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
  return at < now
    ? `Signature expired: ${text(at)} is now earlier than ${text(now - MOST_SKEW)} (${text(now)} - 15 min.)`
    : `Signature not yet current: ${text(at)} is still later than ${text(now + MOST_SKEW)} (${text(now)} + 15 min.)`;
}

function refusals(as: Dialect) {
  const error = (code: string, message: string, status: number) => new AwsError(code, message, status);
  if (as === 'ec2')
    return {
      missing: () => error('MissingAuthenticationToken', 'Request is missing Authentication Token', 403),
      unknownKey: () => error('AuthFailure', notValidated, 401),
      wrongSignature: () => error('AuthFailure', notValidated, 401),
      skewed: () => error('RequestExpired', 'Request has expired.', 400),
      expired: () => error('RequestExpired', 'Request has expired.', 400),
    };
  const suffix = as === 'json' ? 'Exception' : '';
  return {
    missing: () => error(`MissingAuthenticationToken${suffix}`, 'Request is missing Authentication Token', 403),
    unknownKey: () => error(as === 'json' ? 'UnrecognizedClientException' : 'InvalidClientTokenId', invalid, 403),
    wrongSignature: () => error(as === 'json' ? 'InvalidSignatureException' : 'SignatureDoesNotMatch', mismatch, 403),
    skewed: (at: number, now: number) =>
      error(as === 'json' ? 'InvalidSignatureException' : 'SignatureDoesNotMatch', skew(at, now), 403),
    expired: () => error(`ExpiredToken${suffix}`, stale, as === 'json' ? 400 : 403),
  };
}
