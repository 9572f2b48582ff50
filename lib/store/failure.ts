import { isOpsError, OpsError, oneLine } from '../errors/index.ts';

/** What the SDK throws, read once: everything else of lib/store asks this. */
export interface Failure {
  /** HTTP status; undefined: no answer came, or none that S3 gives. */
  status?: number;
  /** The server's name for it: 'NoSuchKey', 'AccessDenied'. */
  name: string;
  /** In the server's words, or the network's. */
  words: string;
}

export function failureOf(error: unknown): Failure {
  const { name, message, code, $metadata } = error as {
    name?: string;
    message?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  const words = [name === 'Error' ? code : name, message].filter(Boolean).join(': ').split('\n', 1)[0] ?? '';
  // An answer below 400 that could not be read, or was cut off, is no answer.
  return { ...(status !== undefined && status >= 400 && { status }), name: name ?? '', words };
}

/** Its certificate, not the network: trying again shows the same one. */
const UNTRUSTED = /certificate|CERT|altname|self.signed/i;

/** Errors that the next attempt may not meet. */
export const passing = (error: unknown): boolean =>
  isOpsError(error, 'STORE_UNREACHABLE') && !UNTRUSTED.test(error.message);

/** Of an answer with 200 that S3 did not give: the SDK takes a page of a proxy, or nothing at all, for an empty list. */
export function mustBe(answer: string, is: boolean): void {
  if (!is) throw new Error(`what was answered is no ${answer}`);
}

/** A setting that nobody has made. By name: another 404 may be of what stands before the store. */
const UNMADE = /^(NoSuchLifecycleConfiguration|NoSuchBucketPolicy|ReplicationConfigurationNotFoundError|NoSuchTagSet)$/;

/** What is there before it is written anew, as the SDK reads it. undefined: nothing. Whatever else is answered is thrown. */
export async function ifMade<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (UNMADE.test(failureOf(error).name)) return undefined;
    throw error;
  }
}

/** By name: a 503 of what stands before the store says nothing about whether it was asked. */
const BUSY = /^(SlowDown|RequestLimitExceeded|Throttling\w*|TooManyRequests\w*|ServiceUnavailable)$/;

/** Of a write under a condition that met another one which is under way: whether that one stays is not known yet. */
const CONFLICT = /^(ConditionalRequestConflict|OperationAborted)$/;

/** It said that it did nothing, for now. */
export const isBusy = (error: unknown): boolean =>
  (isOpsError(error, 'STORE_UNREACHABLE') && BUSY.test(failureOf(error.cause ?? {}).name)) ||
  (isOpsError(error, 'STORE_REFUSED') && CONFLICT.test(failureOf(error.cause ?? {}).name));

const EXPIRED = /^(ExpiredToken\w*|TokenRefreshRequired|RequestExpired)$/;

/** S3's word for a request whose time is not its own. */
const SKEWED = /^RequestTimeTooSkewed$/;

function hintOf(name: string): { hint?: string } {
  if (SKEWED.test(name)) return { hint: "set the clock of this computer, then run again: it is not the store's" };
  return EXPIRED.test(name)
    ? { hint: 'its keys have expired: get new ones (aws sso login), and run the same again' }
    : {};
}

/** Whether it answered decides: a 5xx, a cut body and silence tell nothing; a 4xx is the server's decision. */
export function storeError(what: string, endpoint: string, cause: unknown): OpsError {
  if (cause instanceof OpsError) return cause;
  const { status, name, words } = failureOf(cause);
  // 501 is an answer: the endpoint does not have it. 429 is none.
  if (status !== undefined && status !== 429 && (status < 500 || status === 501))
    return new OpsError('STORE_REFUSED', `cannot ${what}: ${endpoint} refuses with ${status}, ${words}`, {
      cause,
      ...hintOf(name),
    });
  const saw = status === undefined ? words || oneLine(cause) : `${status}, ${words}`;
  const trust = UNTRUSTED.test(words) ? { hint: 'another server has its port, or its authority is another one' } : {};
  return new OpsError('STORE_UNREACHABLE', `cannot ${what}: no answer from ${endpoint}: ${saw}`, { cause, ...trust });
}
