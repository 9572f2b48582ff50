import type { Change, Decision } from '../../engine/index.ts';
import { AWAIT } from './decide.ts';
import { changes, done, known } from './site.ts';

/** Pure: what is to be done of a node group. */

export interface GroupWant {
  name: string;
  instance: string;
  min: number;
  max: number;
  desired: number;
  /** GiB. */
  disk: number;
  ami: 'AL2023_x86_64_STANDARD' | 'AL2023_ARM_64_STANDARD';
  /** Kubernetes' minor, the control plane's. */
  version: string;
}

export interface GroupSeen {
  ours: boolean;
  /** EKS's word: CREATING, ACTIVE, UPDATING, DEGRADED, CREATE_FAILED ... */
  status: string;
  version: string;
  min: number;
  max: number;
  desired: number;
  /** 'm7i.large, 20 GiB, AL2023_x86_64_STANDARD': what a group does not change. */
  machine: string;
  issues: readonly string[];
}

export interface GroupFacts {
  name: string;
  group?: GroupSeen;
}

/** Of one that never worked: nothing is lost with it. */
export const AGAIN = 'remove what failed';
export const SIZE = 'size';
export const VERSION = 'Kubernetes version';

export const groupWhat = {
  of: (name: string): string => `node group ${name}`,
  nameOf: (what: string): string => what.replace(/^node group /, ''),
};

export function decideGroup(want: GroupWant | undefined, { name, group }: GroupFacts): Decision {
  const what = groupWhat.of(name);
  if (want === undefined) {
    if (!group) return done('there is none');
    return group.ours ? changes([known({ action: 'delete', what, from: group.status })], '') : done('it is not ours');
  }
  const machine = `${want.instance}, ${want.disk} GiB, ${want.ami}`;
  const create = known({ action: 'create', what, to: `${want.desired} x ${machine}` });
  if (!group) return changes([create], '');
  if (group.ours && group.status === 'CREATE_FAILED')
    return changes([known({ action: 'run', what: AGAIN, from: group.issues.join('; ') }), create], '');
  const refused = refusal(group, machine);
  if (refused !== undefined) return { is: 'unknown', reason: `${what} ${refused}` };
  const { status, issues, version } = group;
  const busy =
    status === 'ACTIVE'
      ? []
      : [known({ action: 'run', what: AWAIT, from: [status, ...issues].join('; '), to: 'ACTIVE' })];
  const list: Change[] = [...busy];
  if (sizeWords(group) !== sizeWords(want))
    list.push(known({ action: 'update', what: SIZE, from: sizeWords(group), to: sizeWords(want) }));
  if (version !== want.version) list.push(known({ action: 'update', what: VERSION, from: version, to: want.version }));
  return changes(list, `ACTIVE, ${want.desired} x ${want.instance}, Kubernetes ${version}`);
}

/** What neither waiting nor an update mends. */
function refusal({ ours, status, machine, issues }: GroupSeen, wanted: string): string | undefined {
  if (!ours) return 'is there, and muster did not make it for this site: choose another name';
  if (status === 'DELETING') return 'is being deleted: run again when it is gone';
  if (/_FAILED$/.test(status)) return `is ${status}: ${issues.join('; ') || 'EKS says no more'}`;
  if (machine !== wanted)
    return `has ${machine}, the inventory wants ${wanted}: give it a new name there, and the old one goes when the new one works`;
  return undefined;
}

const sizeWords = ({ min, max, desired }: Pick<GroupWant, 'min' | 'max' | 'desired'>) =>
  `${desired} (${min} to ${max})`;

export function decideLeft(_: unknown, { left }: { left: readonly string[] }): Decision {
  return changes(
    left.map(name => known({ action: 'delete', what: groupWhat.of(name), from: 'not in the inventory' })),
    'none',
  );
}
