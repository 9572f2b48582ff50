import type { Change, Decision } from '../engine/index.ts';

export interface ObjectSeen {
  /** 'Deployment kube-system/coredns'. */
  name: string;
  /** Paths of fields that differ; never their values. */
  is: 'same' | 'absent' | { differs: readonly string[] };
}

export interface AddonFacts {
  /** The distribution is to bring it, and whether it is there. */
  brought?: boolean;
  /** What is wanted, in the order in which it is applied. */
  objects: readonly ObjectSeen[];
  /** Ours, and no longer wanted. */
  extra: readonly string[];
  /** What is missing until it works, as 'Deployment kube-system/coredns: 0 of 1 available'. */
  open: readonly string[];
}

/** More paths than these tell a reader nothing more. */
const SHOWN = 4;

export const NOT_BROUGHT = 'k3s has not brought it yet';
export const ROLLOUT = 'wait until it works';

export function decideAddon(want: unknown, facts: AddonFacts | undefined): Decision {
  if (facts === undefined) return { is: 'done', reason: 'goes with its cluster' };
  const removals = facts.extra.map((what): Change => ({ action: 'delete', what, grade: 'known' }));
  if (want === undefined && facts.brought) return { is: 'done', reason: 'k3s brings it: it is not ours to remove' };
  if (want === undefined)
    return removals.length > 0 ? { is: 'changes', changes: removals } : { is: 'done', reason: 'there is none' };
  const writes = facts.objects.flatMap(({ name, is }): Change[] => {
    if (is === 'same') return [];
    if (is === 'absent') return [{ action: 'create', what: name, grade: 'known' }];
    return [{ action: 'update', what: name, from: paths(is.differs), to: 'as in its manifest', grade: 'known' }];
  });
  const changes = [...writes, ...removals];
  // What was written is not proven until it runs; what k3s brings comes by itself.
  const open = facts.brought === false ? [NOT_BROUGHT] : facts.open;
  if (changes.length > 0 || open.length > 0)
    changes.push({ action: 'run', what: ROLLOUT, ...(open.length > 0 && { from: open.join('; ') }), grade: 'known' });
  if (changes.length > 0) return { is: 'changes', changes };
  return {
    is: 'done',
    reason: facts.brought
      ? 'k3s brings it, and it works'
      : `${facts.objects.length} objects as in their manifests, rolled out`,
  };
}

function paths(all: readonly string[]): string {
  const more = all.length - SHOWN;
  return `${all.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''} changed`;
}
