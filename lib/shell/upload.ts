import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { ExecOptions, ExecResult, UploadOptions } from '../engine/index.ts';
import { OpsError, oneLine } from '../errors/index.ts';
import type { Secret } from '../secret/index.ts';
import { lastWords, type Masking } from './failures.ts';

export type Source = { file: string } | { content: string | Uint8Array | Secret };

type Exec = (command: readonly string[], options: ExecOptions) => Promise<ExecResult>;

const CORRUPT = 65;

/**
 * $1 target, $2 temporary directory beside it, $3 sha256, $4 mode, $5 owner or ''. mkdir neither follows a link nor
 * takes over what is there, and nobody else can plant a file inside. A connection that is cut ends `cat` early: the
 * checksum differs, and the old file stays.
 */
const SCRIPT = `set -e
umask 077
mkdir -m 700 -- "$2"
trap 'rm -rf -- "$2"' EXIT
trap 'exit 1' HUP INT TERM PIPE
cat >"$2/new"
sum=$(sha256sum <"$2/new")
[ "\${sum%% *}" = "$3" ] || { echo "\${sum%% *}"; exit ${CORRUPT}; }
[ -z "$5" ] || chown -- "$5" "$2/new"
chmod -- "$4" "$2/new"
sync -- "$2/new"
mv -fT -- "$2/new" "$1"
sync -- "$(dirname -- "$1")"
`;

/** Errors: UPLOAD_FAILED, UPLOAD_CORRUPT, ARGUMENT_REFUSED, and those of exec. The old file is whole until the new one is. */
export async function upload(
  host: string,
  exec: Exec,
  source: Source,
  path: string,
  options: UploadOptions & { mark: string; masker: Masking },
): Promise<void> {
  const { mode, owner = '', mark, masker, sudo, signal, onBytes } = options;
  if (!posix.isAbsolute(path) || path.endsWith('/'))
    throw refused(`path ${JSON.stringify(path)}`, 'an absolute file name');
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o7777) throw refused(`mode ${mode}`, '0 to 0o7777');
  const { sha256, size, read } = await described(source);
  const temporary = posix.join(posix.dirname(path), `.upload-${mark}`);
  const result = await exec(['/bin/sh', '-c', SCRIPT, 'sh', path, temporary, sha256, mode.toString(8), owner], {
    stdin: counted(read(), sent => onBytes?.(sent, size)),
    ...(sudo !== undefined && { sudo }),
    ...(signal && { signal }),
  });
  if (result.code === 0) return;
  if (result.code === CORRUPT) {
    const got = result.stdout.text.trim();
    throw new OpsError('UPLOAD_CORRUPT', `cannot write ${path} on ${host}: sha256 ${sha256} was sent, ${got} arrived`);
  }
  const details = lastWords(result, masker);
  throw new OpsError('UPLOAD_FAILED', `cannot write ${path} on ${host}: ${details.at(-1) ?? 'no reason given'}`, {
    details,
  });
}

interface Described {
  sha256: string;
  size: number;
  read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

async function described(source: Source): Promise<Described> {
  const hash = createHash('sha256');
  if ('content' in source) {
    const { content } = source;
    const bytes = Buffer.from(
      typeof content === 'string' || content instanceof Uint8Array ? content : content.reveal(),
    );
    return { sha256: hash.update(bytes).digest('hex'), size: bytes.length, read: () => [bytes] };
  }
  const read = () => createReadStream(source.file, { highWaterMark: 256 * 1024 });
  try {
    const { size } = await stat(source.file);
    for await (const chunk of read()) hash.update(chunk);
    return { sha256: hash.digest('hex'), size, read };
  } catch (cause) {
    throw new OpsError('UPLOAD_FAILED', `cannot read ${source.file}: ${oneLine(cause)}`, { cause });
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onSent: (sent: number) => void,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of chunks) {
    yield chunk;
    sent += chunk.length;
    onSent(sent);
  }
}

const refused = (got: string, expected: string) =>
  new OpsError('ARGUMENT_REFUSED', `cannot upload to ${got}: expected ${expected}`);
