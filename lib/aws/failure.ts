import { type Code, OpsError, oneLine } from '../errors/index.ts';
import { minutes } from '../time/index.ts';

/** What the SDK throws, read once. */
export interface AwsFailure {
  /** HTTP status; undefined: no answer came. */
  status?: number;
  /** AWS's name for it: 'InvalidVpcID.NotFound', 'DependencyViolation'. */
  name: string;
  /** In AWS's words, or the network's. */
  words: string;
  /** Milliseconds by which this computer's clock is ahead of AWS's; undefined: AWS did not say what time it is. */
  ahead?: number;
}

export function awsFailure(error: unknown): AwsFailure {
  const cause = error instanceof OpsError ? error.cause : error;
  const { name, Code, message, code, $metadata, $response } = (cause ?? {}) as {
    name?: string;
    Code?: string;
    message?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string | undefined> };
  };
  const status = $metadata?.httpStatusCode;
  // What the portal of SSO answered, or that it did not, is text in an error of the SDK.
  const [, inside] = (name === 'CredentialsProviderError' && /^(\w+): /.exec(message ?? '')) || [];
  const told = inside ?? Code ?? name ?? '';
  // What the system refuses has its name in `code`.
  const named = told === 'Error' ? (code ?? told) : told;
  const words = [named === 'Error' ? '' : named, message].filter(Boolean).join(': ').split('\n', 1)[0] ?? '';
  const ahead = Date.now() - Date.parse($response?.headers?.date ?? '');
  return {
    ...(status !== undefined && status >= 400 && { status }),
    ...{ name: named, words },
    ...(!Number.isNaN(ahead) && { ahead }),
  };
}

/** The names by which services say the same thing. Documented in EC2's "Error codes" and each service's API reference. */
const THROTTLED =
  /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestThrottled|SlowDown|EC2ThrottledException)$/;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/;
const NO_CREDENTIALS =
  /^(CredentialsProviderError|TokenProviderError|AuthFailure|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken|InvalidIdentityToken|IDPRejectedClaim|UnauthorizedException|ForbiddenException)$/;
/** A file that a profile or a web identity names. */
const NO_FILE = /^(ENOENT|EACCES|EISDIR)$/;
const DENIED = /^(UnauthorizedOperation|AccessDenied|AccessDeniedException|AuthorizationError|OptInRequired)$/;
const CAPACITY = /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientCapacity|Unsupported)$/;
const QUOTA =
  /(LimitExceeded|LimitExceededException|QuotaExceeded|ServiceQuotaExceededException|InstanceLimitExceeded|ResourceLimitExceededException)$/;

export const isThrottled = (error: unknown): boolean => THROTTLED.test(awsFailure(error).name);

/** By AWS's own name of the failure: `isAws(error, 'InvalidVpcID.NotFound')`. */
export const isAws = (error: unknown, ...names: readonly string[]): boolean => names.includes(awsFailure(error).name);

function codeOf({ status, name }: AwsFailure): Code {
  if (EXPIRED.test(name) || NO_CREDENTIALS.test(name) || NO_FILE.test(name)) return 'AWS_CREDENTIALS';
  if (DENIED.test(name)) return 'AWS_DENIED';
  if (THROTTLED.test(name)) return 'AWS_UNREACHABLE';
  if (CAPACITY.test(name)) return 'AWS_CAPACITY';
  if (QUOTA.test(name)) return 'AWS_QUOTA';
  return status === undefined || status >= 500 ? 'AWS_UNREACHABLE' : 'AWS_REFUSED';
}

/** A signature is good for five minutes before and after. "Troubleshooting Signature Version 4": past that the time is wrong. */
const MOST_SKEW = minutes(5);

const clockHint = (ahead: number) =>
  `set the clock of this computer, then run again: it is ${Math.round(Math.abs(ahead) / minutes(1))} min ${ahead > 0 ? 'ahead of' : 'behind'} AWS's`;

/** The SDK's own words end with it; the portal of SSO calls a session that is over Unauthorized. */
const SSO_LOGIN = /aws sso login|^UnauthorizedException/;

function hintOf(code: Code, { name, words, ahead = 0 }: AwsFailure, profile?: string): { hint?: string } {
  if (code !== 'AWS_CREDENTIALS') return {};
  // Services call a wrong time by the names of old and of wrong keys.
  if (Math.abs(ahead) > MOST_SKEW) return { hint: clockHint(ahead) };
  const of = profile === undefined ? '' : ` --profile ${profile}`;
  if (SSO_LOGIN.test(words)) return { hint: `aws sso login${of}, then run again` };
  if (name === 'ForbiddenException')
    return {
      hint: `sso_account_id and sso_role_name${profile === undefined ? '' : ` of the profile ${profile}`}: SSO gives you no such role`,
    };
  return EXPIRED.test(name) ? { hint: 'log in again (aws sso login, or new keys), then run again' } : {};
}

/**
 * Whether AWS answered decides: silence, a 5xx and throttling tell nothing; a 4xx is its decision. `profile`: where the
 * credentials were looked for.
 */
export function awsError(what: string, action: string, cause: unknown, profile?: string): OpsError {
  if (cause instanceof OpsError) return cause;
  const failure = awsFailure(cause);
  const code = codeOf(failure);
  const over = code === 'AWS_CREDENTIALS' && SSO_LOGIN.test(failure.words);
  const said = `${over ? 'the session of SSO is over, or there is none: ' : ''}${failure.words || oneLine(cause)}`;
  const unsigned = `no credentials for ${action}${profile ? ` by the profile ${profile}` : ''}`;
  const silent = code === 'AWS_CREDENTIALS' ? unsigned : `no answer to ${action}`;
  const how = failure.status === undefined ? silent : `${action} was refused`;
  return new OpsError(code, `cannot ${what}: ${how}: ${said}`, { cause, ...hintOf(code, failure, profile) });
}
