import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { isOpsError, OpsError, oneLine } from '../../errors/index.ts';
import { type Duration, formatDuration, minutes, type RetryContext, retry, seconds } from '../../time/index.ts';
import type { Connection } from './connection.ts';
import { statusWords } from './words.ts';

export interface Ask {
  method: 'GET' | 'PATCH' | 'DELETE';
  path: string;
  body?: string;
  contentType?: string;
  /** application/json unless told. */
  accept?: string;
  /** Statuses beside 2xx that are an answer, not an error. */
  allow?: readonly number[];
  /** One attempt: the question is whether it answers now. */
  once?: boolean;
}

export interface Reply {
  status: number;
  body: string;
}

/** Each request, its reply included. */
const REQUEST_TIMEOUT: Duration = seconds(90);
/** An API that has answered is coming back, from a restart perhaps; one that never did is likely not there. */
const PATIENT = { attempts: 7, base: 500, cap: seconds(4), total: minutes(2) };
const FIRST = { attempts: 3, base: 200, total: seconds(5) };
/** 504 comes after a minute: a computer that is overloaded keeps one waiting, and has an answer the next time. */
const BUSY = [503, 504];
const ONCE = { attempts: 1, total: 0 };

/** An attempt that may be made again: nothing was done, or doing it twice is the same as once. */
class Passing extends Error {
  /** The API answered: its words are the error. Otherwise it was not reached. */
  readonly answered: boolean;

  constructor(message: string, answered: boolean, cause?: unknown) {
    super(message, { cause });
    this.answered = answered;
  }
}

/** Errors: CLUSTER_UNREACHABLE, CLUSTER_REFUSED with the API's words. */
export async function send(ask: Ask, connection: Connection, context: RetryContext): Promise<Reply> {
  const what = `${ask.method} ${ask.path.split('?', 1)[0]} of ${connection.site}`;
  const pace = ask.once ? ONCE : connection.met ? PATIENT : FIRST;
  const spec = { what, ...pace, on: (error: unknown) => error instanceof Passing };
  try {
    return await retry(spec, () => attempt(ask, what, connection, context.signal), context);
  } catch (error) {
    if (!isOpsError(error, 'RETRY_EXHAUSTED')) throw error;
    // It has answered meanwhile, if only that it is busy.
    if (pace === FIRST && connection.met) return send(ask, connection, context);
    throw exhausted(what, connection, error);
  }
}

function exhausted(what: string, { server }: Connection, error: OpsError): OpsError {
  const last = error.cause;
  if (last instanceof Passing && last.answered)
    return new OpsError('CLUSTER_REFUSED', `cannot ${what}: ${last.message}`, { cause: error });
  return new OpsError('CLUSTER_UNREACHABLE', `cannot ${what} at ${server.host}: ${oneLine(last)}`, { cause: error });
}

async function attempt(ask: Ask, what: string, connection: Connection, signal: AbortSignal): Promise<Reply> {
  const reply = await exchange(ask, connection, signal);
  connection.met = true;
  if ((reply.status >= 200 && reply.status < 300) || ask.allow?.includes(reply.status)) return reply;
  const words = `${reply.status} ${statusWords(reply.body)}`;
  // Too busy to say: no refusal, and our writes say what is to be, so that they may be made again.
  if (BUSY.includes(reply.status)) throw new Passing(words, false);
  // A write that the API answered with another 5xx may have been done: that is for the caller to observe.
  if (reply.status === 429 || (reply.status >= 500 && ask.method === 'GET')) throw new Passing(words, true);
  throw new OpsError('CLUSTER_REFUSED', `cannot ${what}: ${words}`);
}

async function exchange(ask: Ask, connection: Connection, signal: AbortSignal): Promise<Reply> {
  const { server, agent } = connection;
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT);
  const headers: Record<string, string> = { ...(await connection.headers()), accept: ask.accept ?? 'application/json' };
  if (ask.body !== undefined) {
    headers['content-type'] = ask.contentType ?? 'application/json';
    headers['content-length'] = String(Buffer.byteLength(ask.body));
  }
  try {
    return await new Promise<Reply>((resolve, reject) => {
      const options = {
        agent,
        headers,
        method: ask.method,
        ...urlToHttpOptions(new URL(server.pathname.replace(/\/$/, '') + ask.path, server)),
        signal: AbortSignal.any([signal, timeout]),
      };
      const request = httpsRequest(options, response => read(response).then(resolve, reject));
      request.on('error', reject);
      request.end(ask.body);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw translated(error, timeout.aborted, connection);
  }
}

async function read(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
}

/** Apply and delete say what is to be, so that even a lost reply may be asked for again. */
function translated(error: unknown, late: boolean, { site, server }: Connection): Error {
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  const where = `the API of ${site} at ${server.host}`;
  // A computer that is overloaded has an answer the next time; two of these are within what a patient asker takes.
  if (late) return new Passing(`no reply in ${formatDuration(REQUEST_TIMEOUT)}`, false, error);
  if (/CERT|TLS|SELF_SIGNED|UNABLE_TO/.test(code))
    return new OpsError('CLUSTER_REFUSED', `cannot trust ${where}: ${oneLine(error)}`, {
      hint: 'another cluster may answer at that port: run ./muster status',
      cause: error,
    });
  return new Passing(oneLine(error), false, error);
}
