import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';
import type { Known } from './known.ts';

/** A copied file that keeps its name would build, and destroy, the site it was copied from. */
export function checkName({ site }: Inventory, { fileName }: Known): Problem[] {
  if (site.name === fileName) return [];
  return [{ path: ['site', 'name'], got: site.name, expected: `${fileName}, as the file is named` }];
}
