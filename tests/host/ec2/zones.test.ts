import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decideSubnets, SUBNETS, type SubnetFacts, subnetRole } from '../../../lib/host/ec2/subnets.ts';

const name = (letter: string) => `us-east-1${letter}`;
const zones = Array.from('abcdef', name);

/** All four, or fewer, in these zones: the first of public-a and private-a. */
const subnets = (first: string, second: string, of: readonly string[] = SUBNETS): SubnetFacts['subnets'] =>
  SUBNETS.filter(each => of.includes(each)).map(each => ({
    ...{ id: each, role: subnetRole(each), addresses: each.startsWith('public') },
    zone: name(each.endsWith('a') ? first : second),
  }));

/** Zones of what is made, in order; or why not. */
function said(chosen: string | undefined, facts: Partial<SubnetFacts>): string {
  const want = { cidr: '10.20.0.0/16', ...(chosen !== undefined && { zones: Array.from(chosen, name) }) };
  const decision = decideSubnets(want, { zones, closed: [], subnets: [], ...facts });
  if (decision.is !== 'changes') return `${decision.is}: ${decision.reason}`;
  return decision.changes.flatMap(({ action, to = '' }) => (action === 'create' ? to.slice(-1) : [])).join('');
}

const MAY_BE = 'provider.network.zones may be two of us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1f';

const CASES: readonly (readonly [what: string, said: string, expected: string])[] = [
  ['without a choice the first two of the region', said(undefined, {}), 'abab'],
  ['of a site on EKS the first two that it takes', said(undefined, { closed: [name('a'), name('c')] }), 'bdbd'],
  ['the inventory chooses, in its order', said('fc', {}), 'fcfc'],
  [
    'what is there keeps its zone, whichever was written first',
    said('cf', { subnets: subnets('f', 'c', ['public-a']) }),
    'cfc',
  ],
  [
    'a zone that is away while a network stands in it',
    said('ab', { zones: zones.slice(1), subnets: subnets('a', 'b') }),
    'done: four in us-east-1a and us-east-1b',
  ],
  ['as it is chosen', said('ab', { subnets: subnets('b', 'a') }), 'done: four in us-east-1a and us-east-1b'],
  [
    'a zone that the region does not have',
    said('ab', { zones: zones.slice(2) }),
    'unknown: the region has no zone us-east-1a to use: provider.network.zones may be two of us-east-1c, us-east-1d, us-east-1e, us-east-1f',
  ],
  [
    'a zone that EKS does not take',
    said('ae', { closed: [name('e')] }),
    `unknown: EKS takes no subnet in us-east-1e: ${MAY_BE}`,
  ],
  [
    'a network that is there in other zones',
    said('bc', { subnets: subnets('a', 'b') }),
    'unknown: subnet/public-a is in us-east-1a, expected us-east-1b or us-east-1c: a network is made anew with its site, never moved',
  ],
  [
    'a region of which EKS takes one zone',
    said(undefined, { zones: zones.slice(0, 2), closed: [name('a')] }),
    'unknown: the region has 1 zone(s) to use (us-east-1b), and two are needed',
  ],
];

for (const [what, found, expected] of CASES) test(`zones: ${what}`, () => assert.is(found, expected));

test.run();
