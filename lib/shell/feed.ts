import type { Writable } from 'node:stream';
import type { ExecOptions } from '../engine/index.ts';

/**
 * Writes a command's stdin and closes it. A command that does not read it to the end is no error: its exit status
 * speaks. Rejects only when the source itself fails.
 */
export async function feed(
  stdin: Writable,
  preamble: string,
  source: ExecOptions['stdin'],
  over: AbortSignal,
): Promise<void> {
  if (preamble !== '') stdin.write(preamble);
  for await (const chunk of chunks(source)) {
    if (over.aborted || stdin.destroyed) return;
    if (chunk.length > 0 && !stdin.write(chunk)) await drained(stdin, over);
  }
  if (!stdin.destroyed) stdin.end();
}

const chunks = (source: ExecOptions['stdin']): AsyncIterable<Uint8Array> | Iterable<Uint8Array | string> =>
  source === undefined ? [] : typeof source === 'string' || source instanceof Uint8Array ? [source] : source;

function drained(stdin: Writable, over: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      stdin.off('drain', done).off('close', done);
      over.removeEventListener('abort', done);
      resolve();
    };
    stdin.once('drain', done).once('close', done);
    over.addEventListener('abort', done, { once: true });
  });
}
