/** Keys and indexes from the top of the file. */
export type Path = readonly (string | number)[];

/** One thing that is wrong, in two completions: "got ..., expected ...". */
export interface Problem {
  path: Path;
  got: string;
  expected: string;
  /** Where to point: at the key when the key itself is wrong, else at its value. */
  at?: 'key';
}

/** hosts[0].memory */
export const formatPath = (path: Path): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${oneWord(part)}`))
    .join('');

/** a, b or c */
export const oneOf = (words: readonly unknown[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const LONGEST = 80;

/** What was got, as the person wrote it: one line, short, and safe for a terminal. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return String(value);
  return looksTyped(value) ? JSON.stringify(value) : oneWord(withoutPassword(value));
}

/** An address with a password in it is refused, as is a private key for a public one, and must not be printed for it. */
const withoutPassword = (text: string): string =>
  text.replace(/:\/\/[^/@]*@/, '://***@').replace(/AGE-SECRET-KEY-\S+/gi, 'AGE-SECRET-KEY-***');

/** Text that would be something else without its quotes is shown with them. */
const looksTyped = (text: string): boolean => !Number.isNaN(Number(text)) || /^(true|false|null|~)$/.test(text);

function oneWord(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return /^[\x20-\x7e]+$/.test(short) ? short : printable(JSON.stringify(short));
}

/** Safe for a terminal, whatever stood in the file. */
export const printable = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f-\uffff]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
