import { OpsError, oneLine } from '../errors/index.ts';
import { type Clock, type Duration, seconds } from '../time/index.ts';

export interface HttpDeps {
  clock: Clock;
  signal: AbortSignal;
  /** 0 <= x < 1. */
  random(): number;
  progress(text: string): void;
  /** So long without a byte is a stall; 30 s when absent. */
  idle?: Duration;
}

export const idleOf = (deps: HttpDeps): Duration => deps.idle ?? seconds(30);

/** A cut, a stall, 429 and 5xx: worth another attempt. */
export class Transient extends Error {}

/** Bytes that are there already, and the strong validator under which they came. */
export interface Resume {
  have: number;
  validator: string;
}

/** Beside a plain GET. */
export interface Asked {
  headers?: Readonly<Record<string, string>>;
  /** Statuses that are answers too. */
  accepts?: readonly number[];
}

/** A small one, whole. */
export interface Answer {
  status: number;
  body: Uint8Array;
  header(name: string): string | undefined;
}

/**
 * A GET whose answer is 200, or 206 from the byte that was asked for. 'start over': the server cannot go on there.
 * Errors: Transient; ARTIFACT_ABSENT (401, 403, 404, 410); ARTIFACT_DOWNLOAD for any other answer and for a redirect
 * from https to http.
 */
export async function request(
  url: string,
  signal: AbortSignal,
  resume?: Resume,
  { headers, accepts = [] }: Asked = {},
): Promise<Response | 'start over'> {
  const range: Record<string, string> = resume ? { range: `bytes=${resume.have}-`, 'if-range': resume.validator } : {};
  const answer = await fetch(url, { signal, headers: { 'accept-encoding': 'identity', ...range, ...headers } });
  const { status } = answer;
  if (url.startsWith('https:') && !answer.url.startsWith('https:'))
    throw new OpsError(
      'ARTIFACT_DOWNLOAD',
      `cannot download ${url}: it redirects to ${answer.url}, which is not https`,
    );
  if (status === 200 || accepts.includes(status)) return answer;
  // Whether it is the range that was asked for, the digest tells in the end.
  if (status === 206 && resume) return answer;
  await answer.body?.cancel();
  if (status === 416) return 'start over';
  if (status === 429 || status >= 500) throw new Transient(`HTTP ${status}`);
  const code = [401, 403, 404, 410].includes(status) ? 'ARTIFACT_ABSENT' : 'ARTIFACT_DOWNLOAD';
  throw new OpsError(code, `cannot download ${url}: HTTP ${status}`);
}

/** If-Range takes strong validators only. */
export function validatorOf(answer: Response): string {
  const etag = answer.headers.get('etag');
  return etag?.startsWith('"') ? etag : (answer.headers.get('last-modified') ?? '');
}

/** fetch says 'fetch failed' or 'terminated' and hides why in the cause. */
export function network(error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  return new Transient(error.cause ? `${error.message}: ${oneLine(error.cause)}` : error.message);
}

export function idleWatch(idle: Duration, onStall: () => void): { touch(): void; stop(): void } {
  const arm = () => setTimeout(onStall, idle);
  let handle = arm();
  return {
    touch() {
      clearTimeout(handle);
      handle = arm();
    },
    stop: () => clearTimeout(handle),
  };
}

const SMALL = 1_048_576;

/** A small text, as a sums file; at most 1 MiB. Errors as those of request. */
export const fetchText = async (url: string, deps: HttpDeps): Promise<string> =>
  Buffer.from((await fetchAnswer(url, deps)).body).toString('utf8');

/** A small answer, at most 1 MiB. Errors as those of request. */
export async function fetchAnswer(url: string, deps: HttpDeps, asked: Asked = {}): Promise<Answer> {
  const signal = AbortSignal.any([deps.signal, AbortSignal.timeout(idleOf(deps))]);
  try {
    const answer = await request(url, signal, undefined, asked);
    if (answer === 'start over') throw new Transient('it answered a range that nobody asked for');
    const body = new Uint8Array(await answer.arrayBuffer());
    if (body.length > SMALL) throw new Transient(`${body.length} bytes are too many`);
    return { status: answer.status, body, header: name => answer.headers.get(name) ?? undefined };
  } catch (error) {
    if (deps.signal.aborted) throw deps.signal.reason;
    if (error instanceof OpsError) throw error;
    throw new OpsError('ARTIFACT_DOWNLOAD', `cannot download ${url}: ${oneLine(network(error))}`, { cause: error });
  }
}
