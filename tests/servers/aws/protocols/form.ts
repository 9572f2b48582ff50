import type { NormalizedSchema } from '@smithy/core/schema';
import { AwsError, Unknown } from '../errors.ts';

/** Keys with dots, as a tree: 'Filter.1.Name' lies under Filter, 1, Name. */
interface Node {
  value?: string;
  inner: Map<string, Node>;
}

/**
 * The parameters of a query request, by the model. EC2 capitalises names and flattens lists; the others write
 * 'Tags.member.1'. A name that the model has not is refused.
 */
export function readForm(schema: NormalizedSchema, form: URLSearchParams, ec2: boolean): Record<string, unknown> {
  const root: Node = { inner: new Map() };
  for (const [key, value] of form) if (key !== 'Action' && key !== 'Version') put(root, key, value);
  return structure(schema, root, '');

  function structure(node: NormalizedSchema, from: Node, path: string): Record<string, unknown> {
    const left = new Set(from.inner.keys());
    const found: Record<string, unknown> = {};
    for (const [member, inner] of node.isUnitSchema() ? [] : node.structIterator()) {
      const key = wireName(member, inner, ec2);
      const there = from.inner.get(key);
      left.delete(key);
      if (there) found[member] = read(inner, there, `${path}${key}`);
    }
    // EC2: UnknownParameter, "An unknown or unrecognized parameter was supplied" (EC2 API error codes).
    const [other] = left;
    if (other !== undefined) throw new Unknown(`parameter ${path}${other}`);
    return found;
  }

  function read(node: NormalizedSchema, from: Node, path: string): unknown {
    if (node.isStructSchema()) return structure(node, from, `${path}.`);
    if (node.isListSchema()) return list(node, from, path);
    if (from.value === undefined) throw new AwsError('MalformedQueryString', `no value for parameter ${path}`);
    return scalar(node, from.value, path);
  }

  function list(node: NormalizedSchema, from: Node, path: string): unknown[] {
    const member = node.getValueSchema();
    const flat = ec2 || node.getMergedTraits().xmlFlattened;
    const holder = flat ? from : from.inner.get(member.getMergedTraits().xmlName ?? 'member');
    if (!holder) return [];
    const numbers = [...holder.inner.keys()].map(Number).sort((a, b) => a - b);
    if (numbers.some((number, at) => number !== at + 1))
      throw new AwsError('MalformedQueryString', `the elements of ${path} are not numbered from 1`);
    return numbers.map(number => read(member, holder.inner.get(`${number}`) as Node, `${path}.${number}`));
  }
}

function put(root: Node, key: string, value: string): void {
  let node = root;
  for (const part of key.split('.')) {
    const next = node.inner.get(part) ?? { inner: new Map() };
    node.inner.set(part, next);
    node = next;
  }
  if (node.value !== undefined) throw new AwsError('MalformedQueryString', `parameter ${key} is there twice`);
  node.value = value;
}

function wireName(member: string, node: NormalizedSchema, ec2: boolean): string {
  const traits = node.getMemberTraits() as { xmlName?: string; ec2QueryName?: string };
  if (ec2 && traits.ec2QueryName) return traits.ec2QueryName;
  const name = traits.xmlName ?? member;
  return ec2 ? `${name.charAt(0).toUpperCase()}${name.slice(1)}` : name;
}

/** The words of the wire as the value of the model. */
export function scalar(node: NormalizedSchema, text: string, path: string): unknown {
  const wrong = (kind: string) =>
    new AwsError('InvalidParameterValue', `Value (${text}) for parameter ${path} is invalid. It is no ${kind}`);
  if (node.isBooleanSchema()) {
    if (text !== 'true' && text !== 'false') throw wrong('boolean');
    return text === 'true';
  }
  if (node.isNumericSchema() || node.isBigIntegerSchema()) {
    if (!/^-?\d+(\.\d+)?$/.test(text)) throw wrong('number');
    return Number(text);
  }
  if (node.isTimestampSchema()) {
    if (Number.isNaN(Date.parse(text))) throw wrong('timestamp');
    return new Date(text);
  }
  if (node.isBlobSchema()) return Buffer.from(text, 'base64');
  return text;
}
