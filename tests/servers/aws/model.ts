import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NormalizedSchema } from '@smithy/core/schema';

/** One operation of a service, as the installed SDK's schemas describe it. */
export interface Operation {
  name: string;
  /** Of REST protocols: method, path template, status. */
  http?: [string, string, number];
  input: NormalizedSchema;
  output: NormalizedSchema;
}

export interface Model {
  operation(name: string): Operation | undefined;
  operations(): Operation[];
  /** What a member of a structure may be, when it is an enum. */
  allowed(structure: string, member: string): readonly string[] | undefined;
}

type Exports = Record<string, unknown>;
const OPERATION = 9;
const require = createRequire(import.meta.url);

/** The model of a service out of its SDK client: shapes from its schemas, enums from its types (schemas have none). */
export function loadModel(client: string): Model {
  const exports = require(client) as Exports;
  let types: Map<string, Map<string, string>> | undefined;
  const enumOf = (name: string): readonly string[] | undefined => {
    const found = exports[`_${name}`] ?? exports[name];
    const values = found && typeof found === 'object' && !Array.isArray(found) ? Object.values(found) : [];
    return values.length > 0 && values.every(value => typeof value === 'string') ? values : undefined;
  };
  return {
    operation: name => toOperation(exports[`${name}$`]),
    operations: () => Object.values(exports).flatMap(each => toOperation(each) ?? []),
    allowed(structure, member) {
      types ??= readTypes(client);
      const type = types.get(structure)?.get(member);
      return type === undefined ? undefined : enumOf(type.replace(/^_/, ''));
    },
  };
}

function toOperation(schema: unknown): Operation | undefined {
  if (!Array.isArray(schema) || schema[0] !== OPERATION) return undefined;
  const [, , name, traits, input, output] = schema;
  return {
    name,
    ...(traits?.http && { http: traits.http }),
    input: NormalizedSchema.of(input),
    output: NormalizedSchema.of(output),
  };
}

/** By interface and member: the type's name, of a list that of its elements. */
function readTypes(client: string): Map<string, Map<string, string>> {
  const folder = join(dirname(require.resolve(client)).replace(/\/dist-cjs\b/, '/dist-types'), 'models');
  const found = new Map<string, Map<string, string>>();
  for (const file of readdirSync(folder).filter(name => /^models_\d+\.d\.ts$/.test(name))) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, name = '', body = ''] of text.matchAll(/^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm)) {
      const members = [...body.matchAll(/^ {4}(\w+)\??: (?:\()?(\w+)\b[^;]*;/gm)];
      found.set(name, new Map(members.map(([, member = '', type = '']) => [member, type])));
    }
  }
  return found;
}

/** The first so many members of a structure are required; the schema keeps their number last. */
export function requiredMembers(structure: NormalizedSchema): string[] {
  const schema = structure.getSchema() as readonly unknown[];
  return (schema[4] as string[]).slice(0, Number(schema[6] ?? 0));
}
