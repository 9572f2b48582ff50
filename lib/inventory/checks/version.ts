import { nearest } from '../nearest.ts';
import { oneOf, type Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';
import type { Known } from './known.ts';

/** What is installed is in the lock file with its digest, or it is not installed. */
export function checkVersion({ cluster: { kind, version } }: Inventory, { k3sVersions }: Known): Problem[] {
  // EKS itself is asked what it offers.
  if (kind === 'eks') return [];
  if (k3sVersions.includes(version)) return [];
  const meant = nearest(version, k3sVersions);
  const all = k3sVersions.length > 0 ? oneOf(k3sVersions) : 'a version, but it has none';
  return [
    {
      path: ['cluster', 'version'],
      got: version,
      expected: meant ? `${meant}, the nearest in artifacts/lock.yaml` : `one in artifacts/lock.yaml: ${all}`,
    },
  ];
}
