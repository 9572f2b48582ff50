import { parse } from 'yaml';
import type { TerraformFacts } from '../../aws/terraform.ts';
import { type Edit, isYours } from '../../inventory/index.ts';
import { adminsFor, nodesFor, subnetsFor } from './sections.ts';

/** A value that an inventory gets. */
export interface Fill extends Edit {
  /** undefined: it had none. */
  from?: unknown;
}

export interface Filling {
  fills: Fill[];
  /** What stands there and says otherwise: nothing is written then. */
  conflicts: string[];
  notes: string[];
}

/** keep: what a person wrote stands. replace: the state knows better. once: only where there is none. */
type Rule = 'keep' | 'replace' | 'once';

/**
 * Pure. What of a state an inventory that is there lacks. What has the mark YOURS is a placeholder.
 * @param text of the inventory, which is valid YAML.
 * @param built muster has built the site: its cluster is its own.
 */
export function fillingOf(text: string, facts: TerraformFacts, built: boolean): Filling {
  const filling: Filling = { fills: [], conflicts: [], notes: [] };
  const there = (parse(text) ?? {}) as Record<string, Record<string, unknown> | undefined>;
  const { provider, cluster } = there;
  if (provider?.kind !== 'ec2') {
    filling.conflicts.push(`provider.kind: ${shown(provider?.kind)} there, and a network of AWS wants ec2`);
    return filling;
  }
  const kind = cluster?.kind === 'eks' ? 'eks' : 'k3s';
  const put = (path: string, value: unknown, rule: Rule) => {
    const keys = path.split('.');
    const from = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], there);
    consider(filling, { path: keys, value, from }, rule, () => isYours(text, keys));
  };
  put('provider.account', facts.account, 'keep');
  put('provider.region', facts.region, 'keep');
  put('provider.network.vpc', facts.vpc.id, 'keep');
  put('provider.network.subnets', ids(subnetsFor(kind, facts)), 'replace');
  const [found] = facts.clusters;
  if (!found) return filling;
  if (kind === 'k3s') filling.notes.push(`the EKS cluster ${found.name} is left out: cluster.kind is k3s there`);
  else if (cluster?.existing === undefined && built)
    filling.conflicts.push(`cluster.existing: none there, and muster has built the cluster of this site itself`);
  else fillCluster(put, found);
  return filling;
}

function fillCluster(
  put: (path: string, value: unknown, rule: Rule) => void,
  found: TerraformFacts['clusters'][number],
) {
  put('cluster.existing', found.name, 'keep');
  put('cluster.version', found.version, 'replace');
  put('cluster.admins', adminsFor(found), 'once');
  put('cluster.nodes', nodesFor(found), 'once');
}

const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);

/** `yours`: what stands there is a placeholder. */
function consider({ fills, conflicts }: Filling, { path, value, from }: Fill, rule: Rule, yours: () => boolean): void {
  const none = from === undefined || from === null || (Array.isArray(from) && from.length === 0);
  if (Array.isArray(value) && value.length === 0) return;
  if (JSON.stringify(from) === JSON.stringify(value)) return;
  if (!none && !yours()) {
    if (rule === 'once') return;
    if (rule === 'keep') {
      conflicts.push(`${path.join('.')}: ${shown(from)} there, ${shown(value)} in the state`);
      return;
    }
  }
  fills.push({ path, value, ...(none ? {} : { from }) });
}

/** On one line. */
export const shown = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? 'nothing' : JSON.stringify(value);
