import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isOpsError, OpsError } from '../errors/index.ts';
import { formatDuration, minutes, retry, seconds } from '../time/index.ts';
import { type HttpDeps, idleOf, idleWatch, network, request, Transient, validatorOf } from './http.ts';
import { digestLike } from './identity.ts';

export interface Download {
  url: string;
  /** 'sha256:<hex>' or 'sha512:<hex>'. */
  digest: string;
  /** How progress calls it. */
  label: string;
}

/**
 * Fetches into `partial`, which survives kills and is gone on with (Range, If-Range), and proves the digest there. The
 * file is then whole and proven, but not yet synced. Errors: ARTIFACT_ABSENT (404 and the like), ARTIFACT_DOWNLOAD,
 * ARTIFACT_DIGEST; after a wrong digest the file is removed.
 */
export async function download(want: Download, partial: string, deps: HttpDeps): Promise<void> {
  await alone(partial);
  // A run that was killed after the last byte left it whole.
  if ((await digestLike(want.digest, partial).catch(() => '')) === want.digest) return;
  let resumed = await pull(want, partial, deps);
  while (true) {
    const got = await digestLike(want.digest, partial);
    if (got === want.digest) return;
    await forget(partial);
    if (!resumed) throw mismatch(want.url, got, want.digest);
    // Two halves of different files under one validator: once more, from the first byte.
    resumed = await pull(want, partial, deps);
  }
}

export const mismatch = (where: string, got: string, expected: string): OpsError =>
  new OpsError('ARTIFACT_DIGEST', `cannot use ${where}: got ${got}, expected ${expected}`);

/** Other downloads of the folder are of versions that nobody asks for any more; what is no file was planted. */
async function alone(partial: string): Promise<void> {
  const dir = dirname(partial);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (!entry.isFile() || !path.startsWith(partial)) await rm(path, { recursive: true, force: true });
  }
}

const validatorPath = (partial: string) => `${partial}.validator`;

async function forget(partial: string): Promise<void> {
  await rm(partial, { force: true });
  await rm(validatorPath(partial), { force: true });
}

/** true: at least one byte was kept from before. */
async function pull(want: Download, partial: string, deps: HttpDeps): Promise<boolean> {
  let resumed = false;
  await retry(
    {
      what: `download ${want.url}`,
      attempts: 8,
      total: minutes(60),
      base: 500,
      cap: seconds(5),
      on: error => error instanceof Transient,
    },
    async () => {
      resumed = (await attempt(want, partial, deps)) || resumed;
    },
    deps,
  ).catch(error => {
    if (isOpsError(error, 'RETRY_EXHAUSTED')) throw new OpsError('ARTIFACT_DOWNLOAD', error.message, { cause: error });
    throw error;
  });
  return resumed;
}

async function attempt(want: Download, partial: string, deps: HttpDeps): Promise<boolean> {
  const stall = new AbortController();
  const signal = AbortSignal.any([deps.signal, stall.signal]);
  // No following of links at our own name: a planted one would be written through.
  const file = await open(partial, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const watch = idleWatch(idleOf(deps), () => stall.abort());
  try {
    const have = (await file.stat()).size;
    const known = await readFile(validatorPath(partial), 'utf8').catch(() => '');
    const answer = await request(want.url, signal, have > 0 && known ? { have, validator: known } : undefined);
    if (answer === 'start over') {
      await forget(partial);
      throw new Transient('the server does not go on where the download was cut');
    }
    const from = answer.status === 206 ? have : 0;
    await file.truncate(from);
    await writeFile(validatorPath(partial), validatorOf(answer), { mode: 0o600 });
    const total = from + Number(answer.headers.get('content-length') ?? Number.NaN);
    const at = await copy(answer, file, from, reporter(want.label, total, deps), watch);
    if (at < total) throw new Transient(`it ended after ${at} of ${total} bytes`);
    return from > 0;
  } catch (error) {
    if (deps.signal.aborted) throw deps.signal.reason;
    if (stall.signal.aborted) throw new Transient(`no byte came for ${formatDuration(idleOf(deps))}`);
    throw network(error);
  } finally {
    watch.stop();
    await file.close();
  }
}

async function copy(
  answer: Response,
  file: FileHandle,
  from: number,
  tell: (at: number) => void,
  watch: { touch(): void },
): Promise<number> {
  let at = from;
  for await (const chunk of answer.body ?? []) {
    watch.touch();
    await file.write(chunk, 0, chunk.length, at);
    at += chunk.length;
    tell(at);
  }
  return at;
}

const mebibytes = (bytes: number) => (bytes / 1_048_576).toFixed(1);

function reporter(label: string, total: number, { clock, progress }: HttpDeps) {
  let last = Number.NEGATIVE_INFINITY;
  return (at: number) => {
    if (clock.monotonic() - last < 1000 && at !== total) return;
    last = clock.monotonic();
    progress(`${label}: ${mebibytes(at)}${total > 0 ? ` of ${mebibytes(total)}` : ''} MiB`);
  };
}
