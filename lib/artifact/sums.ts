import { OpsError } from '../errors/index.ts';

const LENGTHS = { 64: 'sha256', 128: 'sha512' } as const;

/**
 * The digest of one file out of a sums file as sha256sum and sha512sum write it ('<hex>  <file>', or '<hex> *<file>'),
 * found as the k3s installer does: by the whole name. Gives 'sha256:<hex>'. Errors: LOCK_SUMS when the file is not in
 * it, is in it with two digests, or the line is not a digest.
 */
export function digestFromSums(text: string, file: string, url: string): string {
  const found = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^(\S+) [ *](.+)$/.exec(line);
    if (match?.[2] === file && match[1]) found.add(match[1].toLowerCase());
  }
  const [hex, other] = [...found];
  if (hex === undefined) throw bad(url, `it has no line for ${file}`);
  if (other !== undefined) throw bad(url, `it has two digests for ${file}`);
  const algorithm = /^[0-9a-f]+$/.test(hex) ? LENGTHS[hex.length as keyof typeof LENGTHS] : undefined;
  if (!algorithm) throw bad(url, `got '${hex.slice(0, 20)}' for ${file}, expected 64 or 128 hexadecimal digits`);
  return `${algorithm}:${hex}`;
}

const bad = (url: string, why: string) => new OpsError('LOCK_SUMS', `cannot use the sums of ${url}: ${why}`);
