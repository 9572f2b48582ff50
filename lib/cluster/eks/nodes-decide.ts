import type { Change, Decision } from '../../engine/index.ts';
import { AWAIT } from './decide.ts';
import { changes, known } from './site.ts';

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
  /** That it uses; absent: EKS made one of its own. */
  template?: { name: string; version: string };
  /** 'm6i.large, 20 GiB, AL2023_x86_64_STANDARD': what a group does not change. Absent: its template is not there. */
  machine?: string;
  issues: readonly string[];
}

/** The launch template of a group's name. */
export interface TemplateSeen {
  id: string;
  ours: boolean;
  /** Of the version that muster made: 'm6i.large, 20 GiB'. Absent: it is not there. */
  machine?: string;
}

export interface GroupFacts {
  name: string;
  group?: GroupSeen;
  /** Asked for where there is no group that uses one, and in a removal. */
  template?: TemplateSeen;
}

/** Of one that never worked: nothing is lost with it. */
export const AGAIN = 'remove what failed';
/** The version of a launch template that muster makes, and groups use. EC2 changes none: a later one, by hand, does no harm. */
export const MADE = '1';
export const SIZE = 'size';
export const VERSION = 'Kubernetes version';

export const groupWhat = {
  of: (name: string): string => `node group ${name}`,
  nameOf: (what: string): string => what.replace(/^(node group|launch template) /, ''),
};
export const templateWhat = (name: string): string => `launch template ${name}`;

export const machineWords = ({ instance, disk }: Pick<GroupWant, 'instance' | 'disk'>): string =>
  `${instance}, ${disk} GiB`;

export function decideGroup(want: GroupWant | undefined, facts: GroupFacts): Decision {
  const { name, group } = facts;
  const what = groupWhat.of(name);
  if (want === undefined) return decideRemoval(facts);
  const machine = `${machineWords(want)}, ${want.ami}`;
  if (!group || (group.ours && group.status === 'CREATE_FAILED')) return decideNew(want, facts);
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

function decideRemoval({ name, group, template }: GroupFacts): Decision {
  const what = groupWhat.of(name);
  const gone = [
    ...(group?.ours ? [known({ action: 'delete', what, from: group.status })] : []),
    ...(template?.ours ? [known({ action: 'delete', what: templateWhat(name) })] : []),
  ];
  return changes(gone, group ? 'it is not ours' : 'there is none');
}

function decideNew(want: GroupWant, { name, group, template }: GroupFacts): Decision {
  const machine = machineWords(want);
  if (template && !template.ours)
    return {
      is: 'unknown',
      reason: `${templateWhat(name)} is there, and muster did not make it for this site: choose another name for the group`,
    };
  const again = group ? [known({ action: 'run', what: AGAIN, from: group.issues.join('; ') })] : [];
  const from = template && { from: template.machine ?? 'another version' };
  const made =
    template?.machine === machine
      ? []
      : [known({ action: template ? 'update' : 'create', what: templateWhat(name), ...from, to: machine })];
  const to = `${want.desired} x ${machine}, ${want.ami}`;
  return changes([...again, ...made, known({ action: 'create', what: groupWhat.of(name), to })], '');
}

const RENAME = 'give it a new name in the inventory, and the old one goes when the new one works';

/** What neither waiting nor an update mends. */
function refusal({ ours, status, machine, template, issues }: GroupSeen, wanted: string): string | undefined {
  if (!ours) return 'is there, and muster did not make it for this site: choose another name';
  if (status === 'DELETING') return 'is being deleted: run again when it is gone';
  if (/_FAILED$/.test(status)) return `is ${status}: ${issues.join('; ') || 'EKS says no more'}`;
  if (!template)
    return `was made without a launch template, and EKS gives it none: its machines bear no tags, and nobody says that their disks are encrypted; ${RENAME}`;
  if (machine === undefined) return `uses a launch template that is gone, ${template.name}: ${RENAME}`;
  if (template.version !== MADE)
    return `was moved to version ${template.version} of ${template.name} (${machine}), and muster made version ${MADE}: move it back, or ${RENAME}`;
  if (machine !== wanted) return `has ${machine}, the inventory wants ${wanted}: ${RENAME}`;
  return undefined;
}

const sizeWords = ({ min, max, desired }: Pick<GroupWant, 'min' | 'max' | 'desired'>) =>
  `${desired} (${min} to ${max})`;

export interface LeftFacts {
  /** Groups that the inventory does not name. */
  left: readonly string[];
  /** And launch templates, by the name of their group. */
  templates: readonly string[];
}

export function decideLeft(_: unknown, { left, templates }: LeftFacts): Decision {
  const gone = (what: string) => known({ action: 'delete', what, from: 'not in the inventory' });
  return changes([...left.map(groupWhat.of), ...templates.map(templateWhat)].map(gone), 'none');
}
