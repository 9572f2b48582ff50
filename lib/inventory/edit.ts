import { Document, isMap, isScalar, isSeq, parseDocument, visit, type YAMLMap } from 'yaml';

/** One value of an inventory: text, or a list of texts or mappings. */
export interface Edit {
  path: readonly string[];
  value: unknown;
}

/** The text with these values; all else is as it was: comments, order, blank lines. */
export const editYaml = (text: string, edits: readonly Edit[]): string => edits.reduce(withValue, text);

/** Whether a comment behind the value says that a person has to put their own there. */
export function isYours(text: string, path: readonly string[]): boolean {
  const { pair } = placeOf(text, path);
  const [, end = 0] = rangeOf(pair?.value);
  return end > 0 && YOURS.test(restOfLine(text, end));
}

const YOURS = /#\s*YOURS\b[,:]?\s*/;
const restOfLine = (text: string, from: number) => /^[^\n]*/.exec(text.slice(from))?.[0] ?? '';

type Pair = YAMLMap['items'][number];

/** The innermost mapping on the way, what of the path is not in it, and the value itself where it is there. */
function placeOf(text: string, path: readonly string[]): { map: YAMLMap; rest: readonly string[]; pair?: Pair } {
  let map = parseDocument(text).contents as unknown as YAMLMap;
  for (const [depth, key] of path.entries()) {
    const pair = map.items.find(item => isScalar(item.key) && item.key.value === key);
    const rest = path.slice(depth);
    if (!pair) return { map, rest };
    if (rest.length === 1 || !isMap(pair.value)) return { map, rest, pair };
    map = pair.value;
  }
  return { map, rest: [] };
}

const rangeOf = (node: unknown): [number, number] => {
  const [start = 0, end = 0] = (node as { range?: [number, number, number] | null } | null)?.range ?? [];
  return [start, end];
};

function withValue(text: string, { path, value }: Edit): string {
  const { map, rest, pair } = placeOf(text, path);
  const nested = rest.slice(1).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  if (pair) return replaced(text, pair, nested);
  const key = rest[0] ?? '';
  return map.flow ? inFlow(text, map, key, nested) : inBlock(text, map, key, nested);
}

/** What a person was to put there is there: the comment stays, without the mark. */
function replaced(text: string, pair: Pair, value: unknown): string {
  const [start, end] = rangeOf(pair.value);
  // A block ends with its line.
  const stop = start + text.slice(start, end).trimEnd().length;
  const gap = text[start - 1] === ':' ? ' ' : '';
  const line = restOfLine(text, stop);
  return `${text.slice(0, start)}${gap}${flow(value)}${line.replace(YOURS, '# ')}${text.slice(stop + line.length)}`;
}

function inFlow(text: string, map: YAMLMap, key: string, value: unknown): string {
  const last = rangeOf(map)[1] - 1;
  const before = text.slice(0, last).trimEnd();
  const comma = map.items.length > 0 && !before.endsWith(',') ? ',' : '';
  const gap = map.items.length > 0 ? text.slice(before.length, last) : ' ';
  return `${before}${comma} ${key}: ${flow(value)}${gap}${text.slice(last)}`;
}

/** Behind the last key of its mapping, on lines of its own. */
function inBlock(text: string, map: YAMLMap, key: string, value: unknown): string {
  const [first] = map.items;
  const last = map.items.at(-1);
  const start = rangeOf(first?.key)[0];
  const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1));
  const from = rangeOf(last?.key)[0];
  const end = Math.max(rangeOf(last?.key)[1], rangeOf(last?.value)[1]);
  const stop = from + text.slice(from, end).trimEnd().length;
  const at = stop + restOfLine(text, stop).length;
  const lines = block({ [key]: value }).replace(/^/gm, indent);
  return `${text.slice(0, at)}\n${lines}${text.slice(at)}`;
}

const WIDE = { lineWidth: 0, flowCollectionPadding: false } as const;

const flow = (value: unknown): string => {
  const document = new Document(value);
  visit(document, {
    Collection: (_, node) => {
      node.flow = true;
    },
  });
  return document.toString(WIDE).trimEnd();
};

/** Lists of texts, and the mappings of a list, on one line each. */
function block(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Seq: (_, node) => {
      node.flow = node.items.every(isScalar);
    },
    Map: (_, node, path) => {
      node.flow = isSeq(path.at(-1));
    },
  });
  return document.toString(WIDE).trimEnd();
}
