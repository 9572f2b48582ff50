import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { formatPath, oneOf, type Path, type Problem, show } from './problem.ts';
import { type Inventory, inventory } from './schema.ts';

/** The second circle: every key known, every value of its type. All problems, not the first. */
export function checkShape(data: unknown): { inventory: Inventory } | { problems: Problem[] } {
  const parsed = inventory.safeParse(data, { error: expected });
  if (parsed.success) return { inventory: parsed.data };
  return { problems: parsed.error.issues.flatMap(issue => problemsOf(issue, data)) };
}

function problemsOf(issue: z.core.$ZodIssue, data: unknown): Problem[] {
  const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownKey(path, key, issue.message.split(' ')));
  const value = valueAt(data, path);
  const untyped = issue.code === 'invalid_type' && issue.expected === 'string' && isBare(value);
  return [{ path, got: untyped ? `the ${typeof value} ${value}` : show(value), expected: issue.message }];
}

/** For these the quotes were forgotten: `name: 7`. */
const isBare = (value: unknown) => typeof value === 'number' || typeof value === 'boolean';

function unknownKey(parent: Path, key: string, known: string[]): Problem {
  const meant = nearest(key, known);
  const path = [...parent, key];
  return {
    path,
    got: 'an unknown key',
    expected: meant === undefined ? oneOf(known) : formatPath([...parent, meant]),
    at: 'key',
  };
}

const TYPES: Record<string, string> = {
  string: 'text',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
};

/** zod asks this for the text of every issue that its schema does not word itself; it completes "expected ...". */
function expected(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? ['a mapping', keysOf(issue).join(', ')].filter(Boolean).join(' with ');
    case 'invalid_value':
      return oneOf(issue.values);
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options) ? oneOf(issue.options) : undefined;
    case 'too_small':
      return issue.origin === 'array' ? 'at least one entry' : `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'unrecognized_keys':
      return keysOf(issue).join(' ');
    default:
      return undefined;
  }
}

/** The keys that the mapping of an issue may have: only the schema itself (`inst`) knows them. */
function keysOf(issue: z.core.$ZodRawIssue): string[] {
  const schema: unknown = issue.inst;
  const shape = schema !== null && typeof schema === 'object' && 'shape' in schema ? schema.shape : undefined;
  return shape !== null && typeof shape === 'object' ? Object.keys(shape) : [];
}

function valueAt(data: unknown, path: Path): unknown {
  const step = (value: unknown, part: string | number): unknown =>
    value !== null && typeof value === 'object' ? (value as Record<string | number, unknown>)[part] : undefined;
  return path.reduce(step, data);
}
