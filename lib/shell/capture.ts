import { StringDecoder } from 'node:string_decoder';
import type { Output } from '../engine/index.ts';

/** Keeps the newest bytes of a stream and counts the rest. */
export function capture(keep: number): { add(chunk: Uint8Array): void; output(): Output } {
  let ring = new Uint8Array(Math.min(keep, 4096));
  let total = 0;
  const grow = (need: number) => {
    if (need <= ring.length || ring.length === keep) return;
    const larger = new Uint8Array(Math.min(keep, Math.max(need, ring.length * 2)));
    larger.set(ring);
    ring = larger;
  };
  return {
    add(chunk) {
      grow(total + chunk.length);
      const newest = chunk.subarray(Math.max(0, chunk.length - keep));
      const at = keep === 0 ? 0 : (total + chunk.length - newest.length) % keep;
      const first = newest.subarray(0, keep - at);
      ring.set(first, at);
      ring.set(newest.subarray(first.length), 0);
      total += chunk.length;
    },
    output() {
      const at = total > keep && keep > 0 ? total % keep : 0;
      const bytes = Buffer.concat([ring.subarray(at, Math.min(total, keep)), ring.subarray(0, at)]);
      return { bytes, text: bytes.toString('utf8'), dropped: Math.max(0, total - keep) };
    },
  };
}

/** A line longer than this is given in pieces. */
const MAX_LINE = 65_536;

/** Complete lines, whatever borders the chunks have; the last one also without its newline. */
export function lines(onLine: (line: string) => void): { add(chunk: Uint8Array): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part.replace(/\r$/, ''));
    if (rest.length > MAX_LINE) {
      onLine(rest);
      rest = '';
    }
  };
  return {
    add: chunk => take(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))),
    end() {
      take(decoder.end());
      if (rest !== '') onLine(rest);
    },
  };
}

/** What a login shell prints before our mark: kept for an error, no more than this. */
const MAX_NOISE = 65_536;

/** Splits a stream at the line that begins with the mark: noise before, the command's own bytes after. */
export function header(mark: string): {
  noise(): string;
  take(chunk: Buffer): { words: string[]; rest: Buffer } | undefined;
} {
  let seen = Buffer.alloc(0);
  return {
    noise: () => seen.toString('utf8'),
    take(chunk) {
      seen = Buffer.concat([seen, chunk]);
      const start = seen.indexOf(mark);
      const end = start < 0 ? -1 : seen.indexOf('\n', start);
      if (end >= 0) {
        const words = seen.toString('utf8', start, end).split(' ').slice(1);
        const rest = seen.subarray(end + 1);
        seen = seen.subarray(0, start);
        return { words, rest };
      }
      if (start < 0 && seen.length > MAX_NOISE) seen = seen.subarray(seen.length - MAX_NOISE);
      return undefined;
    },
  };
}
