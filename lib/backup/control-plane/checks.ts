import type { ClusterApi } from '../../engine/index.ts';
import type { Check } from '../check.ts';
import type { PartOf } from '../set.ts';
import { readUids, strangers } from './uids.ts';

/** L4: the cluster is the one of the copy, object by object; what came later is not looked at. */
export const controlPlaneChecks = ({ facts }: PartOf<'control-plane'>): Check<ClusterApi>[] => [
  {
    id: 'control-plane.uids',
    title: 'Every object of the control plane came back as itself',
    source: 'control-plane',
    level: 'L4',
    required: true,
    expected: `${Object.keys(facts.uids).length} objects with their UIDs`,
    async look(api) {
      const lost = strangers(facts.uids, await readUids(api));
      if (lost.length === 0) return { state: 'passed', got: `${Object.keys(facts.uids).length} objects` };
      return {
        state: 'failed',
        got: `${lost.length} are gone or others`,
        code: 'OBJECT_MISSING',
        details: lost.slice(0, 50),
      };
    },
  },
];
