import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AwsError } from './errors.ts';

/** A shape of botocore's models (service-2.json), as far as requests are checked by it. */
interface Shape {
  type: string;
  members?: Record<string, { shape: string }>;
  member?: { shape: string };
  key?: { shape: string };
  value?: { shape: string };
  min?: number;
  max?: number;
  pattern?: string;
  /** Of an error. */
  error?: { code?: string };
}

interface Description {
  operations: Record<string, { input?: { shape: string }; errors?: { shape: string }[] }>;
  shapes: Record<string, Shape>;
}

/** How a service words a value that its model does not allow: `value` as it is shown, or none of a list or a secret's. */
export type Refuse = (path: string, must: string, value?: string) => AwsError;

/** What only botocore's model of a service says: the SDK's own schemas have no lengths, ranges and patterns. */
export interface Constraints {
  check(operation: string, input: object, refuse: Refuse): void;
  /** The codes by which an operation may refuse. Of EC2 there are none. */
  errors(operation: string): string[];
  /** Patterns that are none of JavaScript's. A value that would be held against one is a fault of the stand-in. */
  untranslated: readonly string[];
}

/** `folder`: of botocore's data, 'ec2/2016-11-15'. Throws when it is not there: less would be checked, and nobody would know. */
export function modelFile(packages: string, folder: string): string {
  const file = join(packages, 'botocore/data', folder, 'service-2.json.gz');
  if (existsSync(file)) return file;
  throw new Error(`the stand-in for AWS cannot check requests: ${file} is not there`);
}

export function loadConstraints(packages: string, folder: string): Constraints {
  const text = gunzipSync(readFileSync(modelFile(packages, folder))).toString();
  const { operations, shapes } = JSON.parse(text) as Description;
  const patterns = new Map<string, RegExp | undefined>();
  const patternOf = (text: string) => {
    if (!patterns.has(text)) patterns.set(text, translated(text));
    return patterns.get(text);
  };

  function check(name: string, value: unknown, path: string, refuse: Refuse): void {
    const shape = shapes[name];
    if (!shape) throw new Error(`botocore has no shape ${name}`);
    const bad = wrong(shape, value, patternOf);
    if (bad) throw refuse(path, bad, typeof value === 'object' ? undefined : `${value}`);
    if (typeof value !== 'object' || value === null) return;
    const inside = (of: { shape: string } | undefined, each: unknown, at: string) => {
      // Newer than the model that it would be held against.
      if (!of) throw new Error(`botocore's model has no ${at}: update tests/servers/moto/requirements.txt`);
      check(of.shape, each, at, refuse);
    };
    if (shape.type === 'list') {
      for (const [n, each] of (value as unknown[]).entries()) inside(shape.member, each, `${path}.${n + 1}`);
    } else if (shape.type === 'map') {
      for (const [key, each] of Object.entries(value)) {
        inside(shape.key, key, `${path}.key`);
        inside(shape.value, each, `${path}.${key}`);
      }
    } else if (shape.type === 'structure') {
      for (const [member, each] of Object.entries(value))
        if (each !== undefined) inside(shape.members?.[member], each, path === '' ? member : `${path}.${member}`);
    }
  }

  const texts = Object.values(shapes).flatMap(({ pattern }) => pattern ?? []);
  return {
    check(operation, input, refuse) {
      const wanted = operations[operation]?.input;
      if (wanted) check(wanted.shape, input, '', refuse);
    },
    errors: operation => (operations[operation]?.errors ?? []).map(({ shape }) => shapes[shape]?.error?.code ?? shape),
    get untranslated() {
      return [...new Set(texts)].filter(text => patternOf(text) === undefined).sort();
    },
  };
}

/** What of Java's expressions JavaScript reads otherwise without a word: intersections, POSIX classes. The rest it refuses. */
const READ_OTHERWISE = /&&|\[:\w+:\]/;

/** AWS holds the whole value against a pattern, with anchors or without. */
function translated(pattern: string): RegExp | undefined {
  if (READ_OTHERWISE.test(pattern)) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return undefined;
  }
}

/** The constraint that a value does not meet, in the words of AWS. */
function wrong(
  { type, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, pattern }: Shape,
  value: unknown,
  patternOf: (text: string) => RegExp | undefined,
): string | undefined {
  if (typeof value === 'number') {
    if (value < min) return `have value greater than or equal to ${min}`;
    return value > max ? `have value less than or equal to ${max}` : undefined;
  }
  const length = lengthOf(type, value);
  if (length === undefined) return undefined;
  if (length < min) return `have length greater than or equal to ${min}`;
  if (length > max) return `have length less than or equal to ${max}`;
  if (pattern === undefined || typeof value !== 'string') return undefined;
  const expression = patternOf(pattern);
  if (!expression) throw new Error(`the stand-in cannot hold a value against the pattern ${pattern}`);
  return expression.test(value) ? undefined : `satisfy regular expression pattern: ${pattern}`;
}

function lengthOf(type: string, value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return type === 'map' && typeof value === 'object' && value !== null ? Object.keys(value).length : undefined;
}
