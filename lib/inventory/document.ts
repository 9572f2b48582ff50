import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Path, Problem } from './problem.ts';

/** A place in the file, both from 1. */
export interface Position {
  line: number;
  col: number;
}

export interface Flaw {
  at: Position;
  text: string;
}

/** The first circle: YAML 1.2 without what hides meaning. `flaws` is empty when `data` can be used. */
export interface Source {
  data: unknown;
  flaws: Flaw[];
  /** Of a value, of a key, or of the nearest thing around it that exists. */
  position(problem: Pick<Problem, 'path' | 'at'>): Position;
}

export function readYaml(text: string): Source {
  const lines = new LineCounter();
  // Keys that come twice are found below: the library's own check knows only the second place.
  const document = parseDocument(text, { version: '1.2', lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), col: Math.max(1, col) };
  };
  const syntax = document.errors.length > 0 ? syntaxFlaws(document, at) : refused(document, at);
  return {
    data: syntax.length > 0 ? undefined : document.toJS({ maxAliasCount: 0 }),
    flaws: syntax,
    position: ({ path, at: kind }) => at(offsetOf(document, path, kind === 'key')),
  };
}

type At = (offset: number) => Position;

function syntaxFlaws(document: Document.Parsed, at: At): Flaw[] {
  const deep = document.errors.find(error => error.code === 'RESOURCE_EXHAUSTION');
  if (deep) return [{ at: at(deep.pos[0]), text: 'nested deeper than any inventory' }];
  const several = (code: string) => (code === 'MULTIPLE_DOCS' ? 'got a second document, expected one' : undefined);
  return document.errors.map(({ code, pos, message }) => ({
    at: at(pos[0]),
    text: several(code) ?? `not YAML: ${message}`,
  }));
}

/** What YAML allows and an inventory does not: here one reads what one gets. */
function refused(document: Document.Parsed, at: At): Flaw[] {
  const flaws: Flaw[] = [];
  const refuse = (node: unknown, text: string) => void flaws.push({ at: at(startOf(node)), text });
  const { explicit, version } = document.directives.yaml;
  if (explicit && version !== '1.2') refuse(undefined, `got %YAML ${version}, expected YAML 1.2, where yes is text`);
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) refuse(node, `got the alias *${node.source}, expected the value itself`);
      else if (node.anchor) refuse(node, `got the anchor &${node.anchor}, expected none`);
      if (node.tag) refuse(node, `got the tag ${node.tag}, expected none: types follow from the schema`);
      if (isMap(node)) refuseKeys(node, refuse);
    },
  });
  return flaws;
}

function refuseKeys(map: YAMLMap, refuse: (node: unknown, text: string) => void): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    const name = isScalar(key) ? key.value : undefined;
    if (typeof name !== 'string') refuse(key, 'got a key that is not text, expected text');
    else if (seen.has(name)) refuse(key, `got the key ${name} twice, expected it once`);
    else seen.add(name);
  }
}

const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0);

function offsetOf(document: Document.Parsed, path: Path, key: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const [depth, part] of path.entries()) {
    if (!isCollection(node)) return offset;
    const item: unknown = isMap(node)
      ? node.items.find(pair => isScalar(pair.key) && pair.key.value === part)
      : node.get(part, true);
    if (item === undefined) return offset;
    node = isPair(item) ? item.value : item;
    const last = depth === path.length - 1;
    // Where a key is missing deeper down, the key above it is the better place to point at than its value's first line.
    const wantsKey = isPair(item) && (!last || key || isCollection(node) || isEmpty(node));
    offset = startOf(wantsKey ? item.key : node);
  }
  return offset;
}

const isEmpty = (node: unknown): boolean => !isNode(node) || (isScalar(node) && node.value === null);
