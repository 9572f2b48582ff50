/** What a secret looks like in a text: itself, and as the encodings that tools put it through. */
export interface Form {
  text: string;
  /** Only where it stands alone: a short value inside a longer word is not the secret. */
  alone: boolean;
}

/** Below this a value turns up by chance. */
const SHORT = 6;
const KEY_FRAME = /^-----/;

export function formsOf(value: string): Form[] {
  const plain = value.trim();
  if (plain === '') return [];
  if (plain.length < SHORT) return unique([plain, base64(plain)], true);
  const texts = [value, plain, ...lines(plain), ...escaped(value), ...percentEncoded(value), ...base64Forms(value)];
  return unique(texts, false).filter(({ text }) => text.length >= SHORT);
}

const unique = (texts: string[], alone: boolean): Form[] => [...new Set(texts)].map(text => ({ text, alone }));

/** Logs show a key line by line, each behind a prefix of its own. The frame of a key is no secret. */
const lines = (value: string): string[] =>
  value.includes('\n')
    ? value
        .split('\n')
        .map(line => line.trim())
        .filter(line => line.length >= 2 * SHORT && !KEY_FRAME.test(line))
    : [];

/** JSON as JavaScript writes it, as Go does (<, > and &), and in ASCII only. */
function escaped(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [json, json.replace(/[<>&]/g, unicode), json.replace(/[^\x00-\x7f]/g, unicode)];
}

const unicode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Whole and as RFC 3986 wants it, digits in both cases, a space also as in a form. */
function percentEncoded(value: string): string[] {
  const loose = encodeURIComponent(value.toWellFormed());
  const strict = loose.replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const both = [loose, strict, loose.replaceAll('%20', '+'), strict.replaceAll('%20', '+')];
  return [...both, ...both.map(text => text.replace(/%../g, digits => digits.toLowerCase()))];
}

const base64 = (value: string): string => Buffer.from(value).toString('base64');

/** Alone, inside something longer (user:password) at each of three alignments, for URLs, and wrapped as base64(1) does. */
function base64Forms(value: string): string[] {
  const inside = [0, 1, 2].map(shift => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
    // The characters at both ends are shared with the neighbours: what is certain is between them.
    return bytes.toString('base64').slice(Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });
  const wrapped = [64, 76].flatMap(width => base64(value).match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
  const all = [base64(value), ...inside, ...wrapped];
  return [...all, ...all.map(text => text.replaceAll('+', '-').replaceAll('/', '_'))];
}
