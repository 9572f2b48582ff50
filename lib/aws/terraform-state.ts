import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { OpsError, oneLine } from '../errors/index.ts';

/**
 * https://developer.hashicorp.com/terraform/internals/json-format does not promise the state file: version 4 is what is read, of
 * Terraform and of OpenTofu. Modules, count and for_each are a resource and an instance each.
 */
const state = z.object({
  version: z.literal(4),
  resources: z.array(
    z.object({
      type: z.string(),
      instances: z.array(
        z.object({
          /** What was replaced and is not removed yet. */
          deposed: z.string().optional(),
          attributes: z.record(z.string(), z.unknown()).nullish(),
        }),
      ),
    }),
  ),
});

/** Things of AWS in a state, by their type. Each read leaves out what its shape does not name: states hold secrets. */
export interface State {
  /** Managed and data sources alike: what somebody else manages is there all the same. Errors: TERRAFORM_STATE. */
  all<T>(types: readonly string[], shape: z.ZodType<T>): T[];
  fail(why: string, hint?: string, cause?: unknown): OpsError;
}

const HOW = 'terraform state pull > FILE writes one, wherever the state is kept (S3 too); then FILE here';

/** Errors: TERRAFORM_STATE. */
export async function readState(path: string): Promise<State> {
  const fail: State['fail'] = (why, hint, cause) =>
    new OpsError('TERRAFORM_STATE', `cannot take over ${path}: ${why}`, { ...(hint && { hint }), cause });
  const found = await readJson(path, fail);
  const parsed = state.safeParse(found);
  if (!parsed.success) throw fail(`${wordsOf(found)}, and no Terraform state of version 4`, HOW, parsed.error);
  const all: State['all'] = (types, shape) => {
    const seen = parsed.data.resources
      .filter(resource => types.includes(resource.type))
      .flatMap(({ type, instances }) => instances.map(instance => ({ ...instance, type })))
      .flatMap(({ deposed, attributes, type }) => {
        if (deposed !== undefined || !attributes) return [];
        const read = shape.safeParse(attributes);
        // Of the values nothing is said: they may be secret.
        if (!read.success) throw fail(`one ${type} in it lacks ${read.error.issues[0]?.path.join('.')}`);
        return [read.data];
      });
    // The same thing, managed here and looked up there.
    return [...new Map(seen.map(one => [JSON.stringify(one), one])).values()];
  };
  return { all, fail };
}

function wordsOf(found: unknown): string {
  const { format_version: shown, version, resource_changes: plan } = (found ?? {}) as Record<string, unknown>;
  if (plan !== undefined) return 'it is a plan (terraform show -json)';
  if (shown !== undefined) return 'it is what terraform show -json prints';
  return version === undefined ? 'it has no version' : `it is of version ${JSON.stringify(version)}`;
}

async function readJson(path: string, fail: State['fail']): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(cause => {
    throw fail(oneLine(cause), HOW, cause);
  });
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse quotes what it could not read.
    throw fail('it is not JSON', HOW);
  }
}
