import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Decision } from '../../../lib/engine/index.ts';
import { decideElastic } from '../../../lib/host/ec2/elastic.ts';
import { decideFirewall, permissionOf, wantedRules } from '../../../lib/host/ec2/firewall.ts';
import { decideGateway } from '../../../lib/host/ec2/gateway.ts';
import { archOf, decideImage } from '../../../lib/host/ec2/image.ts';
import { bringOf, decideKey } from '../../../lib/host/ec2/key.ts';
import { decideMachine } from '../../../lib/host/ec2/machine.ts';
import { decideNat } from '../../../lib/host/ec2/nat.ts';
import { decidePower } from '../../../lib/host/ec2/power.ts';
import { decideRoutes } from '../../../lib/host/ec2/routes.ts';
import { decideSubnets, SUBNETS, subnetCidr, subnetRole } from '../../../lib/host/ec2/subnets.ts';
import { decideVpc } from '../../../lib/host/ec2/vpc.ts';

const test = suite("decisions about a site's parts in AWS");

/** 'create VPC', 'done', 'unknown'. */
const said = (decision: Decision): string =>
  decision.is === 'changes'
    ? decision.changes.map(({ action, what }) => `${action} ${what}`).join(', ')
    : `${decision.is}: ${decision.reason}`;

const host = { name: 'server-1', instance: 't3.large', disk: 1, arch: 'amd64' };
const machine = { id: 'i-1', type: 't3.large', state: 'running', imdsv2: true, hops: 1 };
const subnets = SUBNETS.map((name, n) => ({
  ...{ id: `subnet-${n}`, role: subnetRole(name), zone: `eu-central-1${name.slice(-1)}` },
  addresses: name.startsWith('public'),
}));
const region = { zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'], closed: [] };
const tables = ['public', 'private'].map(name => ({
  ...{ id: `rtb-${name}`, name, ...(name === 'public' && { way: 'igw-1' }) },
  subnets: SUBNETS.filter(each => each.startsWith(name)).map(subnetRole),
}));
const routes = { tables, gateway: 'igw-1', nat: '' };
const vpc = { id: 'vpc-1', cidr: '10.20.0.0/16', available: true };

const CASES: readonly (readonly [what: string, said: Decision, expected: string | RegExp])[] = [
  [
    'a network of another range',
    decideVpc({ cidr: '10.9.0.0/16' }, { vpcs: [vpc], names: true }),
    /^unknown: vpc-1 has 10.20/,
  ],
  [
    'two networks',
    decideVpc({ cidr: vpc.cidr }, { vpcs: [vpc, { ...vpc, id: 'vpc-2' }], names: true }),
    /^unknown: there are 2.*vpc-1, vpc-2/,
  ],
  ['names switched off', decideVpc({ cidr: vpc.cidr }, { vpcs: [vpc], names: false }), 'update DNS names in the VPC'],
  [
    'two networks that are to go',
    decideVpc(undefined, { vpcs: [vpc, { ...vpc, id: 'vpc-2' }], names: true }),
    'delete VPC 10.20.0.0/16 (vpc-1), delete VPC 10.20.0.0/16 (vpc-2)',
  ],
  [
    'a gateway that hangs nowhere',
    decideGateway({}, { gateways: [{ id: 'igw-1' }] }),
    'update internet gateway at the VPC',
  ],
  [
    'all subnets',
    decideSubnets({ cidr: vpc.cidr }, { ...region, subnets }),
    /^done: four in eu-central-1a and eu-central-1b/,
  ],
  [
    'one subnet gone',
    decideSubnets({ cidr: vpc.cidr }, { ...region, subnets: subnets.slice(1) }),
    'create subnet public-a, update public addresses in subnet public-a',
  ],
  [
    'one zone',
    decideSubnets({ cidr: vpc.cidr }, { ...region, zones: region.zones.slice(1, 2), subnets: [] }),
    /^unknown: the region has 1 zone/,
  ],
  ['routes as they should be', decideRoutes({ nat: false }, routes), /^done/],
  [
    'a route to nothing',
    decideRoutes(
      { nat: false },
      { ...routes, tables: tables.map(table => ({ ...table, ...(table.way && { way: 'nothing' }) })) },
    ),
    'update way out of route table public',
  ],
  [
    'NAT asked for later',
    decideRoutes({ nat: true }, { ...routes, nat: 'nat-1' }),
    'update way out of route table private',
  ],
  [
    'NAT asked for no more',
    decideRoutes(
      { nat: false },
      { ...routes, tables: tables.map(table => ({ ...table, way: table.way ?? 'nothing' })) },
    ),
    'delete way out of route table private',
  ],
  [
    'a NAT gateway that is not wanted',
    decideNat(undefined, { nats: [{ id: 'nat-1', state: 'available' }], addresses: ['eipalloc-1'] }),
    'delete NAT gateway nat-1, delete address of the NAT gateway eipalloc-1',
  ],
  [
    'a NAT gateway that is coming',
    decideNat({}, { nats: [{ id: 'nat-1', state: 'pending' }], addresses: ['eipalloc-1'] }),
    'create NAT gateway',
  ],
  [
    'a port opened by hand',
    decideFirewall(
      { rules: ['in tcp 22 192.0.2.1/32'] },
      { groups: [{ id: 'sg-1', rules: ['in tcp 22 0.0.0.0/0', 'in tcp 22 192.0.2.1/32'] }] },
    ),
    'update rules of the security group',
  ],
  [
    'a key that is not here',
    decideKey(
      { name: 'k' },
      { keys: [{ id: 'key-1', name: 'k', publicKey: 'ssh-ed25519 A' }] },
      bringOf({ name: 'k' }),
    ),
    /^unknown: .*private half is not on this computer: bring \.muster\/k\/secrets from/,
  ],
  [
    'another key',
    decideKey(
      { name: 'k' },
      { keys: [{ id: 'key-1', name: 'k', publicKey: 'ssh-ed25519 A' }], operator: 'ssh-ed25519 B' },
      bringOf({ name: 'k', backup: {} as never }),
    ),
    /^unknown: .*another.*: \.\/muster join/,
  ],
  [
    'the key of before, while it is changed',
    decideKey({ name: 'k' }, { keys: [{ id: 'key-1', name: 'k', publicKey: 'A' }], operator: 'B', before: 'A' }, ''),
    'replace key pair k',
  ],
  [
    'an image that is pinned',
    decideImage({ image: 'debian-12' }, { pinned: 'debian-12=ami-1' }),
    'done: debian-12 is ami-1',
  ],
  ['another Debian', decideImage({ image: 'debian-13' }, { pinned: 'debian-12=ami-1' }), 'update image debian-13'],
  ['an image by its id', decideImage({ image: 'ami-2' }, {}), /^done/],
  [
    'a machine as it should be',
    decideMachine(host, { name: 'server-1', machines: [machine], volumes: [] }),
    'done: i-1, t3.large',
  ],
  [
    'a machine of another type',
    decideMachine(host, { name: 'server-1', machines: [{ ...machine, type: 't3.nano' }], volumes: [] }),
    /^unknown: server-1 \(i-1\) is a t3.nano/,
  ],
  [
    'a machine for which nothing is built here',
    decideMachine({ ...host, instance: 't4g.large' }, { name: 'server-1', machines: [], volumes: [] }),
    /^unknown: a t4g.large is arm64/,
  ],
  [
    'open metadata',
    decideMachine(host, { name: 'server-1', machines: [{ ...machine, imdsv2: false }], volumes: [] }),
    'update metadata of server-1',
  ],
  [
    'metadata that pods reach',
    decideMachine(host, { name: 'server-1', machines: [{ ...machine, hops: 2 }], volumes: [] }),
    'update metadata of server-1',
  ],
  [
    'two machines of one name',
    decideMachine(host, { name: 'server-1', machines: [machine, { ...machine, id: 'i-2' }], volumes: [] }),
    /^unknown: there are 2.*i-1, i-2/,
  ],
  [
    'a disk that outlived its machine',
    decideMachine(undefined, { name: 'server-1', machines: [], volumes: ['vol-1'] }),
    'delete disk of server-1 (vol-1)',
  ],
  [
    'an address at another machine',
    decideElastic(
      { name: 'server-1' },
      { name: 'server-1', addresses: [{ id: 'e', address: '1.2.3.4', instance: 'i-0' }], instance: 'i-1' },
    ),
    'update fixed address at server-1',
  ],
  ['a stopped machine', decidePower({ name: 's', power: 'on' }, { name: 's', state: 'stopped' }), 'run power of s'],
  [
    'a machine that is coming',
    decidePower({ name: 's', power: 'on' }, { name: 's', state: 'pending' }),
    'run power of s',
  ],
  ['nothing to stop', decidePower({ name: 's', power: 'off' }, { name: 's' }), 'done: there is no machine'],
];

for (const [what, decision, expected] of CASES)
  test(what, () => {
    if (typeof expected === 'string') assert.is(said(decision), expected);
    else assert.match(said(decision), expected);
  });

test('only the ports of the web are open to the world, and a rehearsal reaches nothing but its store', () => {
  const rules = wantedRules(['203.0.113.7/32']);
  assert.equal(
    rules.filter(rule => rule.startsWith('in') && rule.endsWith('0.0.0.0/0')),
    ['in tcp 443 0.0.0.0/0', 'in tcp 80 0.0.0.0/0'],
  );
  const fenced = wantedRules(['203.0.113.7/32'], { name: 'r', store: { address: '198.51.100.9', port: 9000 } });
  assert.equal(
    fenced.filter(rule => rule.startsWith('out')),
    ['out all self', 'out tcp 9000 198.51.100.9/32'],
  );
  assert.not(fenced.some(rule => rule.endsWith('0.0.0.0/0')));
});

test('a rule that somebody made is written back as AWS has it, so that it can be taken away', () => {
  assert.equal(permissionOf('in tcp 22 0.0.0.0/0', 'sg-1'), {
    ...{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22 },
    IpRanges: [{ CidrIp: '0.0.0.0/0' }],
  });
  assert.equal(permissionOf('in udp 100-200 ::/0', 'sg-1'), {
    ...{ IpProtocol: 'udp', FromPort: 100, ToPort: 200 },
    Ipv6Ranges: [{ CidrIpv6: '::/0' }],
  });
  assert.equal(permissionOf('in all self', 'sg-1'), { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-1' }] });
  assert.equal(permissionOf('out icmp 8--1 pl-1', 'sg-1'), {
    ...{ IpProtocol: 'icmp', FromPort: 8, ToPort: -1 },
    PrefixListIds: [{ PrefixListId: 'pl-1' }],
  });
});

test('four subnets share the network, and none overlaps', () => {
  assert.equal(
    SUBNETS.map(name => subnetCidr('10.20.0.0/16', name)),
    ['10.20.0.0/18', '10.20.64.0/18', '10.20.128.0/18', '10.20.192.0/18'],
  );
  assert.is(subnetCidr('192.168.7.0/24', 'private-b'), '192.168.7.192/26');
});

test("a type of machine tells AWS's own processors apart", () => {
  const arm = ['t4g.small', 'm7gd.large', 'c7gn.medium', 'x2gd.large', 'g5g.xlarge'];
  assert.equal(
    [...arm, 't3.large', 'g4dn.xlarge', 'm5.large', 'r6i.large'].filter(type => archOf(type) === 'arm64'),
    arm,
  );
});

test.run();
