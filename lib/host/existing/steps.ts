import type { Decision, Step } from '../../engine/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import { type HostFacts, hostFacts } from '../../shell/index.ts';
import { minutes } from '../../time/index.ts';
import { gib, sizeOf } from '../size.ts';

type Wanted = Pick<HostWant, 'name' | 'disk'> & { memory: number };

/** host.fit: the host answers with its key, and is one on which k3s can be installed. Changes nothing. */
export function reachableStep(site: Site, host: HostWant): Step<Wanted, HostFacts> {
  return {
    id: 'host.fit',
    title: `Look at ${host.name}`,
    target: { site: site.name, kind: 'host', name: host.name },
    want: { name: host.name, memory: sizeOf(host).memory, disk: host.disk },
    deadline: minutes(2),
    observe: ctx => ctx.facts(host.name, hostFacts),
    decide: decideFit,
    apply: async () => {},
  };
}

const GIB = 1024 ** 3;
/** A machine of 4 GiB has a little less for its system to see. */
const SLACK = 0.9;
const FIT = new Map([
  ['debian', 12],
  ['ubuntu', 22],
]);

export function decideFit(want: Wanted | undefined, facts: HostFacts): Decision {
  if (!want) return { is: 'done', reason: 'the host is yours' };
  const { id, version } = facts.os;
  const lacks = [
    ...(Number.parseInt(version, 10) >= (FIT.get(id) ?? Number.POSITIVE_INFINITY)
      ? []
      : [`${id} ${version}, expected Debian 12 or Ubuntu 22.04 and later`]),
    ...(facts.systemd ? [] : ['no systemd as process 1']),
    ...(facts.memory >= want.memory * SLACK ? [] : [`${gib(facts.memory)} of memory, expected ${gib(want.memory)}`]),
    ...(facts.diskFree >= 2 * GIB ? [] : [`${gib(facts.diskFree)} free below /var, expected 2.0 GiB and more`]),
  ];
  if (lacks.length > 0) return { is: 'unknown', reason: `${want.name} does not fit: it has ${lacks.join('; ')}` };
  return { is: 'done', reason: `${id} ${version} ${facts.arch}, ${gib(facts.memory)} of memory` };
}
