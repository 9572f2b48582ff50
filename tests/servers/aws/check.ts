import type { NormalizedSchema } from '@smithy/core/schema';
import type { Refuse } from './constraints.ts';
import type { AwsError } from './errors.ts';
import { type Model, requiredMembers } from './model.ts';

/** How a service words a request that its model does not allow. */
export interface Wording {
  missing(path: string): AwsError;
  notAllowed(path: string, value: string, allowed: readonly string[]): AwsError;
  /** A length, range or pattern. */
  unmet: Refuse;
}

/** The request against the model: what is required is there, and enums hold. Names and types were checked while reading. */
export function checkInput(model: Model, schema: NormalizedSchema, input: unknown, wording: Wording): void {
  visit(schema, input, '');

  function visit(node: NormalizedSchema, value: unknown, path: string): void {
    if (node.isListSchema() && Array.isArray(value))
      value.forEach((each, n) => {
        visit(node.getValueSchema(), each, `${path}.${n + 1}`);
      });
    if (!node.isStructSchema() || typeof value !== 'object' || value === null) return;
    const given = value as Record<string, unknown>;
    const at = (member: string) => (path === '' ? member : `${path}.${member}`);
    for (const member of requiredMembers(node)) if (given[member] === undefined) throw wording.missing(at(member));
    for (const [member, inner] of node.structIterator()) {
      if (given[member] === undefined) continue;
      allow(node.getName() ?? '', member, given[member], at(member));
      visit(inner, given[member], at(member));
    }
  }

  function allow(structure: string, member: string, value: unknown, path: string): void {
    const values = (Array.isArray(value) ? value : [value]).filter(each => typeof each === 'string');
    const allowed = values.length > 0 ? model.allowed(structure, member) : undefined;
    const wrong = allowed && values.find(each => !allowed.includes(each));
    if (wrong !== undefined) throw wording.notAllowed(path, wrong, allowed ?? []);
  }
}
