import { suite } from 'uvu';
import { equal, is, not, throws } from 'uvu/assert';
import type { Site } from '../../lib/inventory/index.ts';
import { rehearsalSite } from '../../lib/site/index.ts';
import { ownNetwork } from '../../lib/site/rehearsal.ts';

const test = suite('the site of a rehearsal');
const source = {
  name: 'lab',
  provider: { kind: 'container', ports: { ssh: 2222 } },
  cluster: { kind: 'k3s' },
  backup: { sources: ['velero'], schedule: { backup: 'daily', drill: 'weekly' } },
  drills: { heartbeat: 5000, proof: 1 },
} as unknown as Site;

test('it is its source under another name', () => {
  const site = rehearsalSite(source);
  is(site.name, 'lab-rehearsal');
  equal(site.backup?.sources, ['velero']);
});

test('it takes no port of its source', () => equal(rehearsalSite(source).provider, { kind: 'container' }));

test('nothing in it writes canaries, and nothing runs by a timer', () => {
  const site = rehearsalSite(source);
  is(site.drills, undefined);
  not('schedule' in (site.backup ?? {}));
});

const [HOUR, DAY] = [3_600_000, 24 * 3_600_000];
for (const [what, expires, rto, expected] of [
  ['six hours after its making', undefined, HOUR / 2, 6 * HOUR],
  ['later where a rebuild takes long', undefined, 2 * HOUR, 8 * HOUR],
  ['not later than its source', 5 * HOUR, 2 * HOUR, 5 * HOUR],
  ['where its source has days', 5 * DAY, HOUR, 6 * HOUR],
] as const)
  test(`in a cloud it may be reaped when its computer died: ${what}`, () => {
    const provider = { kind: 'ec2', ...(expires !== undefined && { expires }) };
    const site = rehearsalSite({ ...source, provider, backup: { ...source.backup, rto } } as unknown as Site);
    equal(site.provider, { kind: 'ec2', expires: expected });
  });

test('a name that is too long for two is refused', () =>
  throws(
    () => rehearsalSite({ ...source, name: 'a'.repeat(60) }),
    (error: { code: string }) => error.code === 'DRILL_TARGET',
  ));

const inCloud = (hosts: number, network: object, kind = 'k3s') =>
  ownNetwork({
    ...{ name: 'lab', provider: { kind: 'ec2', network }, cluster: { kind } },
    hosts: Array(hosts).fill({}),
  } as unknown as Site);

test('machines of a cloud see each other in a network of their own, and one alone needs none', () => {
  equal(
    [1, 2].map(hosts => inCloud(hosts, { cidr: '10.20.0.0/16' })),
    [undefined, '10.20.0.0/16'],
  );
  is(ownNetwork({ ...source, hosts: [1, 2] } as unknown as Site), undefined);
  is(inCloud(0, { cidr: '10.30.0.0/16' }, 'eks'), '10.30.0.0/16');
});

for (const [hosts, kind] of [
  [2, 'k3s'],
  [0, 'eks'],
] as const)
  test(`in a network that was brought a fence would let them see who else is there: refused, ${kind}`, () =>
    throws(
      () => inCloud(hosts, { cidr: '10.20.0.0/16', vpc: 'vpc-0a1b2c3d' }, kind),
      (error: { code: string }) => error.code === 'DRILL_TARGET',
    ));

const inTheirs = (cluster: object) =>
  ({
    ...source,
    name: 'shop',
    provider: { kind: 'ec2', network: { cidr: '10.20.0.0/16', vpc: 'vpc-0a1b2c3d', subnets: ['subnet-0a1b2c3d'] } },
    cluster: { kind: 'eks', existing: 'platform', version: '1.35', admins: [], nodes: [], ...cluster },
    hosts: [],
  }) as unknown as Site;

test('beside a cluster of another hand it has one of its own, in a network of its own', () => {
  const own = { admins: ['arn:aws:iam::1:role/a'], nodes: [{ name: 'a' }] };
  const site = rehearsalSite(inTheirs(own));
  equal(site.cluster, { kind: 'eks', version: '1.35', ...own });
  equal(site.provider.kind === 'ec2' && site.provider.network, { cidr: '10.20.0.0/16' });
  is(ownNetwork(site), '10.20.0.0/16');
});

test('of what to build one is asked for, where the inventory does not say', () =>
  throws(
    () => rehearsalSite(inTheirs({ admins: ['arn:aws:iam::1:role/a'] })),
    ({ code, message, hint }: { code: string; message: string; hint: string }) =>
      code === 'DRILL_TARGET' &&
      /and cluster\.nodes do not say/.test(message) &&
      /^nodes: \[\{ name: general/.test(hint),
  ));

test.run();
