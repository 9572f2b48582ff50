import type { Change, Decision } from '../../engine/index.ts';
import { changes, done, known } from './site.ts';

/** Pure: what is to be done of a control plane, from what is wanted and what was seen. */

export interface ClusterWant {
  version: string;
  /** CIDRs, sorted. */
  access: readonly string[];
}

export interface ClusterSeen {
  /** EKS's word: CREATING, ACTIVE, UPDATING, DELETING, FAILED. */
  status: string;
  version: string;
  ours: boolean;
  endpoint: { public: boolean; private: boolean; access: readonly string[] };
  /** STANDARD, EXTENDED. */
  support: string;
  issues: readonly string[];
}

export interface ClusterFacts {
  name: string;
  cluster?: ClusterSeen;
  /** Only asked where there is no cluster: the VPC that it would be in. */
  network?: string;
}

/** What an earlier run ordered is not ordered again. */
export const AWAIT = 'wait for EKS to finish what it does';
export const ENDPOINT = 'public endpoint';
export const SUPPORT = 'upgrade policy';
export const VERSION = 'Kubernetes version';

export function decideCluster(want: ClusterWant | undefined, { name, cluster, network }: ClusterFacts): Decision {
  const what = `EKS cluster ${name}`;
  if (want === undefined) {
    if (!cluster) return done('there is none');
    return cluster.ours
      ? changes([known({ action: 'delete', what, from: cluster.status })], '')
      : done('it is not ours');
  }
  if (!cluster) {
    const grade = network === undefined ? 'unknown' : 'known';
    return { is: 'changes', changes: [{ action: 'create', what, to: `Kubernetes ${want.version}`, grade }] };
  }
  const { status } = cluster;
  if (status === 'DELETING') return { is: 'unknown', reason: `${name} is being deleted: run again when it is gone` };
  if (status === 'FAILED')
    return { is: 'unknown', reason: `${name} is FAILED: ${cluster.issues.join('; ') || 'EKS says no more'}` };
  const busy = status === 'ACTIVE' ? [] : [known({ action: 'run', what: AWAIT, from: status, to: 'ACTIVE' })];
  return changes([...busy, ...settings(want, cluster)], `ACTIVE, Kubernetes ${cluster.version}`);
}

/** The version last: it takes longest, and what is open to the world should not stay so meanwhile. */
function settings(want: ClusterWant, { endpoint, support, version }: ClusterSeen): Change[] {
  const list: Change[] = [];
  const update = (what: string, from: string, to: string) => {
    if (from !== to) list.push(known({ action: 'update', what, from, to }));
  };
  update(ENDPOINT, endpointWords(endpoint), endpointWords({ public: true, private: true, access: want.access }));
  // In extended support EKS costs six times as much, and nobody is asked. "You will not incur extended support charges with
  // this setting" (User Guide, extended-support-control): EKS raises the control plane instead, and the inventory is to follow.
  update(SUPPORT, support, 'STANDARD');
  update(VERSION, version, want.version);
  return list;
}

const endpointWords = ({ public: open, private: inside, access }: ClusterSeen['endpoint']) =>
  `${open ? `from ${access.join(', ')}` : 'none'}${inside ? ', private too' : ', no private one'}`;
