import type { Decision } from '../../engine/index.ts';
import type { AddonWant } from './addon-list.ts';
import { AWAIT } from './decide.ts';
import { changes, done, known } from './site.ts';

export interface AddonSeen {
  /** EKS's word: CREATING, ACTIVE, DEGRADED, UPDATING, CREATE_FAILED ... */
  status: string;
  version: string;
  /** Role ARNs of its pods, by service account. */
  identities: Readonly<Record<string, string>>;
  /** As compared while observing. */
  configuration: 'same' | 'different';
  issues: readonly string[];
}

export interface AddonFacts {
  addon?: AddonSeen;
  /** Those that fit the cluster; absent: it could not be asked yet. */
  versions?: { default: string; all: readonly string[] };
  /** Whether there are nodes for its pods; asked only where it does not work. */
  nodes?: boolean;
}

/** An add-on, its role's ARN filled in. */
export interface Want extends AddonWant {
  roleArn?: string;
}

/** Before there are nodes its pods have nowhere to run: EKS calls it CREATING, later DEGRADED. */
export const works = ({ onNodes }: AddonWant, status: string, nodes: boolean): boolean =>
  status === 'ACTIVE' || (onNodes && !nodes && /^(CREATING|DEGRADED)$/.test(status));

export function decideAddon(want: Want | undefined, { addon, versions, nodes }: AddonFacts): Decision {
  if (want === undefined)
    return addon
      ? changes([known({ action: 'delete', what: `add-on of status ${addon.status}` })], '')
      : done('goes with the cluster');
  const what = `add-on ${want.name}`;
  if (!addon)
    return {
      is: 'changes',
      changes: [
        { action: 'create', what, ...(versions && { to: versions.default }), grade: versions ? 'known' : 'unknown' },
      ],
    };
  const { status, version, identities, issues } = addon;
  if (/^(CREATE|DELETE)_FAILED$|^DELETING$/.test(status))
    return changes([known({ action: 'replace', what, from: [status, ...issues].join(': ') })], '');
  const differs = differences(want, addon, versions);
  const update = differs.length > 0 ? [known({ action: 'update', what, ...joined(differs) })] : [];
  const busy =
    works(want, status, nodes !== false) || (update.length > 0 && status !== 'UPDATING')
      ? []
      : [known({ action: 'run', what: AWAIT, from: [status, ...issues].join(': ') })];
  return changes(
    [...busy, ...update],
    `${status}, ${version}${Object.keys(identities).length > 0 ? ', with a role of its own' : ''}`,
  );
}

function differences(want: Want, { version, identities, configuration }: AddonSeen, versions: AddonFacts['versions']) {
  const list: { from: string; to: string }[] = [];
  // One that fits stays: EKS's default moves, and what nobody changed here is not to change.
  if (versions && !versions.all.includes(version)) list.push({ from: version, to: versions.default });
  const role = want.identity && identities[want.identity.serviceAccount];
  if (want.identity && role !== want.roleArn) list.push({ from: role ?? 'no role', to: want.roleArn ?? '' });
  if (configuration === 'different') list.push({ from: 'other values', to: "muster's" });
  return list;
}

const joined = (list: readonly { from: string; to: string }[]) => ({
  from: list.map(({ from }) => from).join('; '),
  to: list.map(({ to }) => to).join('; '),
});
