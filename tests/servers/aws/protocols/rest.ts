import { AwsError, Unknown } from '../errors.ts';
import type { Model, Operation } from '../model.ts';
import type { Signed } from '../signature.ts';
import { scalar } from './form.ts';
import { readJson } from './json.ts';

export interface Routed {
  operation: Operation;
  labels: Record<string, string>;
}

/** The operation of a path: the longest template without labels wins, as '/addons/supported-versions' over '/addons/{name}'. */
export function route(model: Model, method: string, path: string): Routed | undefined {
  const fits = model.operations().flatMap(operation => {
    const labels = operation.http?.[0] === method && matchPath(operation.http[1], path);
    return labels ? [{ operation, labels }] : [];
  });
  return fits.sort((a, b) => Object.keys(a.labels).length - Object.keys(b.labels).length)[0];
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = (template.split('?')[0] ?? '').split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const text = given[at] ?? '';
    const label = /^\{(\w+)\}$/.exec(part)?.[1];
    if (label === undefined && part !== text) return undefined;
    if (label !== undefined && text === '') return undefined;
    if (label !== undefined) labels[label] = decodeURIComponent(text);
  }
  return labels;
}

/** Labels, query, headers and body together, by the model's bindings. */
export function readRest(
  { operation, labels }: Routed,
  { query, headers }: Pick<Signed, 'query' | 'headers'>,
  body: string,
): Record<string, unknown> {
  const found: Record<string, unknown> = { ...labels };
  const asked = new Set(query.keys());
  const bound = new Set(Object.keys(labels));
  for (const [member, node] of operation.input.structIterator()) {
    const { httpQuery, httpHeader } = node.getMemberTraits() as { httpQuery?: string; httpHeader?: string };
    const header = httpHeader === undefined ? undefined : headers[httpHeader.toLowerCase()];
    if (header !== undefined) found[member] = scalar(node, header, member);
    if (httpHeader !== undefined) bound.add(member);
    if (httpQuery === undefined) continue;
    bound.add(member);
    if (!asked.delete(httpQuery)) continue;
    const values = query.getAll(httpQuery);
    found[member] = node.isListSchema()
      ? values.map(value => scalar(node.getValueSchema(), value, member))
      : scalar(node, values[0] ?? '', member);
  }
  const [other] = asked;
  if (other !== undefined) throw new Unknown(`parameter ${other} of the query`);
  if (body === '') return found;
  const inBody = readJson(operation.input, parse(body)) as Record<string, unknown>;
  const twice = Object.keys(inBody).find(member => bound.has(member));
  if (twice !== undefined) throw new Unknown(`parameter ${twice} in the body: its place is the path or the query`);
  return { ...found, ...inBody };
}

export function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new AwsError('SerializationException', 'the body is no JSON');
  }
}
