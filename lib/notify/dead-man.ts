import { type ExitStatus, isOpsError, oneLine } from '../errors/index.ts';
import { type RetryContext, retry, seconds } from '../time/index.ts';

export type DeadManContext = RetryContext;

/** An answer that another attempt will not better: there is no such check. */
class Refused extends Error {}

/**
 * Tells a dead-man URL how a run ended, by the convention of healthchecks.io: GET <ping> for exit status 0,
 * <ping>/<status> else. Tried four times within 30 s. Returns why it could not be told; undefined: it was.
 * Whoever knows the URL can speak for us, so that no more than its host is ever named.
 */
export async function tellDeadMan(
  ping: string,
  exit: ExitStatus,
  context: DeadManContext,
): Promise<string | undefined> {
  const url = new URL(ping);
  if (exit !== 0) url.pathname = `${url.pathname.replace(/\/+$/, '')}/${exit}`;
  const spec = {
    what: `tell the dead-man at ${url.host}`,
    attempts: 4,
    total: seconds(30),
    base: 1000,
    on: (error: unknown) => !(error instanceof Refused),
  };
  try {
    await retry(spec, () => get(url, context.signal), context);
    return undefined;
  } catch (error) {
    return isOpsError(error, 'RETRY_EXHAUSTED') ? error.message : `cannot ${spec.what}: ${oneLine(error)}`;
  }
}

async function get(url: URL, signal: AbortSignal): Promise<void> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(seconds(5))]);
  const response = await fetch(url, { signal: either, headers: { connection: 'close' } }).catch(error => {
    throw new Error(reason(error));
  });
  await response.body?.cancel();
  const { ok, status } = response;
  if (ok) return;
  const words = `it answered ${status}`;
  throw status >= 500 || status === 429 || status === 408 ? new Error(words) : new Refused(words);
}

/** fetch says 'fetch failed' and keeps the reason; the reason of a refused connection has no words, only a code. */
function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code } = cause as { code?: unknown };
  return oneLine(cause) || String(code);
}
