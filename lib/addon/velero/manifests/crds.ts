import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '../../../engine/index.ts';

/**
 * Velero's own definitions, one a line, as its program prints them; descriptions are left out, for each look at the
 * cluster compares all of it. Made anew with every version of the lock by
 * `velero install --crds-only --dry-run -o json | jq -c '.items[] | del(.metadata.creationTimestamp, .metadata.labels, .status)
 * | walk(if type == "object" and (.description | type) == "string" then del(.description) else . end)' > crds.jsonl`
 */
export async function definitions(): Promise<KubeObject[]> {
  const text = await readFile(join(import.meta.dirname, 'crds.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as KubeObject);
}
