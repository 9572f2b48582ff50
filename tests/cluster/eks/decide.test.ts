import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decideAccess } from '../../../lib/cluster/eks/access.ts';
import { decideAddon } from '../../../lib/cluster/eks/addon-decide.ts';
import { isPrincipal } from '../../../lib/cluster/eks/caller.ts';
import { decideCluster } from '../../../lib/cluster/eks/decide.ts';
import { decideEndpoint } from '../../../lib/cluster/eks/endpoint.ts';
import { decideFence } from '../../../lib/cluster/eks/fence.ts';
import { nodeSubnets } from '../../../lib/cluster/eks/nodes.ts';
import { decideGroup, decideLeft, machineWords } from '../../../lib/cluster/eks/nodes-decide.ts';
import { decideReady } from '../../../lib/cluster/eks/ready.ts';
import { decideRoles } from '../../../lib/cluster/eks/roles.ts';
import { templateWords } from '../../../lib/cluster/eks/template.ts';
import { mustBeNext, mustBeOffered, mustHaveFollowed } from '../../../lib/cluster/eks/version.ts';
import type { Decision } from '../../../lib/engine/index.ts';
import { archOf } from '../../../lib/inventory/checks/eks.ts';

// A case is data: what is wanted, what was seen, what must be decided. A new file needs no code.
const dir = join(import.meta.dirname, '../../cases/eks');

// biome-ignore lint/suspicious/noExplicitAny: the data are checked by the decision that they must lead to.
type Decide = (want: any, facts: any) => Decision;

const DECISIONS: Record<string, Decide> = {
  cluster: decideCluster,
  group: decideGroup,
  addon: decideAddon,
  access: decideAccess,
  roles: (want, facts) => decideRoles(want, facts, want ?? []),
  ready: decideReady,
  fence: decideFence,
  endpoint: decideEndpoint,
};

const files = readdirSync(dir);

for (const file of files) {
  const { decision, promise, want, facts, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  test(`${decision}: ${promise}`, () => {
    assert.equal(DECISIONS[decision]?.(want ?? undefined, facts), expect);
  });
}

test('every decision has its cases', () => {
  const covered = new Set(files.map(file => file.split('-')[0]));
  assert.equal([...covered].sort(), Object.keys(DECISIONS).sort());
});

const said = (act: () => void): string => {
  try {
    act();
    return 'good';
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};

test('a version is one that EKS has in standard support, and the next of what is there', () => {
  const offered = [
    { version: '1.33', standard: false, until: '2026-07-29' },
    { version: '1.34', standard: true },
  ];
  assert.is(
    said(() => mustBeOffered('1.34', offered)),
    'good',
  );
  assert.match(
    said(() => mustBeOffered('1.33', offered)),
    /EKS_VERSION: .*ended on 2026-07-29/,
  );
  assert.match(
    said(() => mustBeOffered('1.40', offered)),
    /EKS_VERSION: .*does not offer/,
  );
  assert.is(
    said(() => mustBeNext('1.9', '1.10')),
    'good',
  );
  assert.match(
    said(() => mustBeNext('1.34', '1.36')),
    /one minor at a time/,
  );
  assert.match(
    said(() => mustBeNext('1.36', '1.35')),
    /no way back/,
  );
  assert.is(
    said(() => mustHaveFollowed('1.35', [{ name: 'blue', version: '1.35' }])),
    'good',
  );
  assert.match(
    said(() => mustHaveFollowed('1.35', [{ name: 'blue', version: '1.34' }])),
    /blue at 1\.34/,
  );
});

test('who runs muster is told from an ARN that names a session, whatever the path of its role', () => {
  const role = 'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_1';
  const as = (arn: string) => ({ account: '111122223333', arn });
  assert.ok(isPrincipal(as('arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ada'), role));
  assert.not(isPrincipal(as('arn:aws:sts::111122223333:assumed-role/Admin_1/ada'), role));
  assert.not(isPrincipal(as('arn:aws:sts::111122223333:assumed-role/ada/x'), 'arn:aws:iam::111122223333:user/ada'));
  assert.ok(isPrincipal(as('arn:aws:iam::111122223333:user/ada'), 'arn:aws:iam::111122223333:user/ada'));
});

test('a launch template is told in the words of the wish, or with what is not as muster makes it', () => {
  const disk = { VolumeSize: 20, VolumeType: 'gp3', Encrypted: true } as const;
  const metadata = { HttpTokens: 'required', HttpPutResponseHopLimit: 1 } as const;
  const words = (ebs: object, options: object, DeviceName = '/dev/xvda') =>
    templateWords({
      InstanceType: 'm7i.large',
      BlockDeviceMappings: [{ DeviceName, Ebs: { ...disk, ...ebs } }],
      MetadataOptions: { ...metadata, ...options },
    });
  assert.is(words({}, {}), machineWords({ instance: 'm7i.large', disk: 20 }));
  assert.is(words({ VolumeSize: 30 }, {}), 'm7i.large, 30 GiB');
  assert.is(words({ Encrypted: false }, {}), 'm7i.large, 20 GiB, not encrypted');
  assert.is(words({}, { HttpPutResponseHopLimit: 2 }), 'm7i.large, 20 GiB, metadata: token required, 2 hops far');
  assert.is(words({}, { HttpTokens: 'optional' }), 'm7i.large, 20 GiB, metadata: token optional, 1 hop far');
  assert.is(words({}, {}, '/dev/sdb'), 'm7i.large, 0 GiB, not encrypted');
  assert.is(templateWords({}), 'no type, 0 GiB, not encrypted, metadata: token optional, 1 hop far');
});

test('groups that left the inventory go, and then their launch templates', () => {
  const said = (left: string[], templates: string[]) => {
    const decision = decideLeft(undefined, { left, templates });
    return decision.is === 'changes' ? decision.changes.map(({ action, what }) => `${action} ${what}`) : decision.is;
  };
  assert.is(said([], []), 'done');
  assert.equal(said(['a', 'b'], ['b', 'c']), [
    ...['delete node group a', 'delete node group b', 'delete launch template b', 'delete launch template c'],
  ]);
});

test('what an instance type has is told from its name', () => {
  const arm = ['m7g.large', 't4g.small', 'c7gn.xlarge', 'a1.large', 'im4gn.large', 'c7gd.large', 'g5g.xlarge'];
  const amd = ['m7i.large', 't3.large', 'g5.xlarge', 'c7a.large', 'g4dn.xlarge', 'mac2.metal', 'i4i.large'];
  assert.equal(
    arm.filter(type => archOf(type) !== 'arm64'),
    [],
  );
  assert.equal(
    amd.filter(type => archOf(type) !== 'amd64'),
    [],
  );
});

test('nodes stand where they have a way out: public addresses, or a NAT gateway that was asked for', () => {
  const subnets = [
    { id: 'subnet-b', zone: 'b', public: true },
    { id: 'subnet-a', zone: 'a', public: true },
    { id: 'subnet-c', zone: 'a', public: false },
  ];
  assert.equal(nodeSubnets(false, { vpc: 'vpc-1', subnets }), ['subnet-a', 'subnet-b']);
  assert.equal(nodeSubnets(true, { vpc: 'vpc-1', subnets }), ['subnet-c']);
  assert.equal(nodeSubnets(true, { vpc: 'vpc-1', subnets: subnets.slice(0, 2) }), ['subnet-a', 'subnet-b']);
});

test.run();
