import type { NormalizedSchema } from '@smithy/core/schema';
import { AwsError, Unknown } from '../errors.ts';

type Fields = Record<string, unknown>;
const nameOf = (member: string, node: NormalizedSchema): string =>
  (node.getMemberTraits() as { jsonName?: string }).jsonName ?? member;

/** A JSON body by the model: an unknown name or a wrong type is refused. */
export function readJson(schema: NormalizedSchema, value: unknown, path = ''): unknown {
  const wrong = (kind: string) => new AwsError('SerializationException', `${path || 'the body'} is not ${kind}`);
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw wrong('a list');
    return value.map((each, n) => readJson(schema.getValueSchema(), each, `${path}[${n}]`));
  }
  if (schema.isMapSchema() || schema.isStructSchema()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('an object');
    const fields = Object.entries(value).filter(([, each]) => each !== null);
    if (schema.isMapSchema())
      return Object.fromEntries(
        fields.map(([key, each]) => [key, readJson(schema.getValueSchema(), each, `${path}.${key}`)]),
      );
    return readStructure(schema, fields, path);
  }
  if (schema.isUnitSchema()) return {};
  if (schema.isTimestampSchema()) {
    if (typeof value !== 'number') throw wrong('a timestamp');
    return new Date(value * 1000);
  }
  if (schema.isBlobSchema()) {
    if (typeof value !== 'string') throw wrong('base64');
    return Buffer.from(value, 'base64');
  }
  const kind = schema.isBooleanSchema() ? 'boolean' : schema.isStringSchema() ? 'string' : 'number';
  if (!schema.isDocumentSchema() && typeof value !== kind) throw wrong(`a ${kind}`);
  return value;
}

function readStructure(schema: NormalizedSchema, fields: [string, unknown][], path: string): Fields {
  const left = new Map(fields);
  const found: Fields = {};
  for (const [member, node] of schema.structIterator()) {
    const name = nameOf(member, node);
    if (!left.has(name)) continue;
    found[member] = readJson(node, left.get(name), path === '' ? name : `${path}.${name}`);
    left.delete(name);
  }
  const [other] = left.keys();
  if (other !== undefined) throw new Unknown(`parameter ${path === '' ? other : `${path}.${other}`}`);
  return found;
}

/** Throws on a member that the model has not: then the stand-in is wrong. */
export function writeJson(schema: NormalizedSchema, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (schema.isListSchema()) return (value as unknown[]).map(each => writeJson(schema.getValueSchema(), each));
  if (schema.isMapSchema())
    return Object.fromEntries(
      Object.entries(value as Fields).map(([key, each]) => [key, writeJson(schema.getValueSchema(), each)]),
    );
  if (schema.isUnitSchema()) return {};
  if (schema.isStructSchema()) {
    const given = { ...(value as Fields) };
    const written = [...schema.structIterator()].map(([member, node]) => {
      const each = given[member];
      delete given[member];
      return [nameOf(member, node), writeJson(node, each)];
    });
    const other = Object.keys(given).filter(name => given[name] !== undefined);
    if (other.length > 0) throw new Error(`the stand-in answers ${other}, which ${schema.getName()} has not`);
    return Object.fromEntries(written);
  }
  if (schema.isTimestampSchema()) return (value as Date).getTime() / 1000;
  if (schema.isBlobSchema()) return Buffer.from(value as Uint8Array).toString('base64');
  return value;
}
