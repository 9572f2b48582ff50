import { type Code, OpsError, oneLine } from '../errors/index.ts';

/** What the SDK throws, read once. */
export interface AwsFailure {
  /** HTTP status; undefined: no answer came. */
  status?: number;
  /** AWS's name for it: 'InvalidVpcID.NotFound', 'DependencyViolation'. */
  name: string;
  /** In AWS's words, or the network's. */
  words: string;
}

export function awsFailure(error: unknown): AwsFailure {
  const cause = error instanceof OpsError ? error.cause : error;
  const { name, Code, message, code, $metadata } = (cause ?? {}) as {
    name?: string;
    Code?: string;
    message?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  const told = Code ?? name ?? '';
  const words = [told === 'Error' ? code : told, message].filter(Boolean).join(': ').split('\n', 1)[0] ?? '';
  return { ...(status !== undefined && status >= 400 && { status }), name: told, words };
}

/** The names by which services say the same thing. Documented in EC2's "Error codes" and each service's API reference. */
const THROTTLED =
  /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestThrottled|SlowDown|EC2ThrottledException)$/;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/;
const NO_CREDENTIALS =
  /^(CredentialsProviderError|TokenProviderError|AuthFailure|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken)$/;
const DENIED = /^(UnauthorizedOperation|AccessDenied|AccessDeniedException|AuthorizationError|OptInRequired)$/;
const CAPACITY = /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientCapacity|Unsupported)$/;
const QUOTA =
  /(LimitExceeded|LimitExceededException|QuotaExceeded|ServiceQuotaExceededException|InstanceLimitExceeded|ResourceLimitExceededException)$/;

export const isThrottled = (error: unknown): boolean => THROTTLED.test(awsFailure(error).name);

/** By AWS's own name of the failure: `isAws(error, 'InvalidVpcID.NotFound')`. */
export const isAws = (error: unknown, ...names: readonly string[]): boolean => names.includes(awsFailure(error).name);

function codeOf({ status, name }: AwsFailure): Code {
  if (EXPIRED.test(name) || NO_CREDENTIALS.test(name)) return 'AWS_CREDENTIALS';
  if (DENIED.test(name)) return 'AWS_DENIED';
  if (THROTTLED.test(name)) return 'AWS_UNREACHABLE';
  if (CAPACITY.test(name)) return 'AWS_CAPACITY';
  if (QUOTA.test(name)) return 'AWS_QUOTA';
  return status === undefined || status >= 500 ? 'AWS_UNREACHABLE' : 'AWS_REFUSED';
}

/** Whether AWS answered decides: silence, a 5xx and throttling tell nothing; a 4xx is its decision. */
export function awsError(what: string, action: string, cause: unknown): OpsError {
  if (cause instanceof OpsError) return cause;
  const failure = awsFailure(cause);
  const code = codeOf(failure);
  const said = failure.words || oneLine(cause);
  const how = failure.status === undefined ? `no answer to ${action}` : `${action} was refused`;
  const hint = EXPIRED.test(failure.name) ? { hint: 'log in again (aws sso login, or new keys), then run again' } : {};
  return new OpsError(code, `cannot ${what}: ${how}: ${said}`, { cause, ...hint });
}
