import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { IMPLIED } from '../../lib/aws/actions/implied.ts';
import { actionOf } from '../../lib/aws/actions.ts';
import { ACTIONS, GRANTED, policyFor } from '../../lib/aws/index.ts';
import { means } from '../../lib/aws/patterns.ts';
import { MAKES } from '../../lib/aws/policy.ts';
import { ROLE_PATH, rolesWanted } from '../../lib/cluster/eks/role.ts';
import { imageParameter } from '../../lib/host/ec2/image.ts';

const key = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const buckets = [{ name: 'muster-prod', kmsKey: key }];
const policy = policyFor({ account: '123456789012', region: 'eu-central-1', site: 'prod', buckets });
const granted = new Set(policy.Statement.flatMap(({ Action }) => Action));

/** Whether IAM finds the action among them. */
const grants = (patterns: Iterable<string>, action: string) => [...patterns].some(pattern => means(pattern, action));

test('the policy grants every action that the gate lets through, what AWS asks for behind them, and no other', () => {
  const names = GRANTED.map(({ action }) => action);
  assert.equal(
    names.filter(action => !grants(granted, action)),
    [],
  );
  const others = [...granted].filter(pattern => !names.some(action => grants([pattern], action)));
  assert.equal(others, ['kms:Decrypt', 'kms:GenerateDataKey']);
});

test('what AWS asks for behind a call is asked for behind one of ours, and is no call of ours', () => {
  for (const { action, by } of IMPLIED) {
    assert.is(actionOf(action), undefined, action);
    assert.equal(
      by.filter(call => !actionOf(call)),
      [],
      action,
    );
  }
});

test('of IAM only the roles of the site may be changed, passed to EKS, and given what they need', () => {
  const roles = `arn:aws:iam::123456789012:role${ROLE_PATH}prod-eu-central-1-*`;
  const of = (sid: string) => policy.Statement.find(({ Sid }) => Sid === sid);
  const iam = policy.Statement.filter(
    ({ Action, Sid }) => Sid !== 'Look' && Action.some(each => each.startsWith('iam:')),
  );
  assert.equal(
    iam.flatMap(({ Resource }) => Resource),
    [...Array(3).fill(roles), 'arn:aws:iam::123456789012:role/aws-service-role/*'],
  );
  const given = rolesWanted({ name: 'prod' }, 'eu-central-1').flatMap(({ policies }) => policies);
  assert.equal([...(of('GivePolicies')?.Condition?.ArnEquals?.['iam:PolicyARN'] ?? [])].sort(), given.sort());
  const changed = (name: string, region = 'eu-central-1') =>
    rolesWanted({ name }, region).filter(role =>
      means(roles, `arn:aws:iam::123456789012:role${ROLE_PATH}${role.name}`),
    );
  assert.is(changed('prod').length, rolesWanted({ name: 'prod' }, 'eu-central-1').length);
  assert.equal([...changed('prod-rehearsal'), ...changed('pro'), ...changed('prod', 'us-east-1')], []);
});

test('of parameters only those are read that tell an image: others of an account hold secrets', () => {
  const reading = policy.Statement.filter(({ Action }) => grants(Action, 'ssm:GetParameter'));
  const parameters = 'arn:aws:ssm:eu-central-1::parameter';
  assert.equal(
    reading.map(({ Resource }) => Resource),
    [`${parameters}/aws/service/debian/*`],
  );
  assert.ok(means(String(reading[0]?.Resource), parameters + imageParameter('debian-12', 'arm64')));
});

/** The longest name of a region, and the longest of a partition. */
const LONG = ['ap-southeast-2', 'us-gov-west-1'];

for (const [cluster, region] of (['k3s', 'eks'] as const).flatMap(of => LONG.map(region => [of, region] as const)))
  test(`IAM takes what is printed for ${cluster} in ${region}: 6144 characters, whatever is called how`, () => {
    const site = 'a-name-of-twenty-four-ch';
    const network = { vpc: 'vpc-0123456789abcdef0', subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] };
    const store = { name: 'a-name-of-a-bucket-of-forty-characters-12', kmsKey: key };
    const bound = { account: '123456789012', region, site, cluster };
    // Of a site, and of its rehearsal, which owns no bucket; each in a network of its own, and in one that was brought.
    for (const kind of [{ fenced: false, buckets: [store] } as const, {}])
      for (const where of [{}, { network }]) {
        const { length } = JSON.stringify(policyFor({ ...bound, ...kind, ...where }));
        assert.ok(length <= 6144, `${length} ${JSON.stringify(where)}`);
      }
  });

test('a site that is not rehearsed is granted nothing of what is behind a fence', () => {
  const { Statement } = policyFor({
    ...{ account: '123456789012', region: 'eu-central-1', site: 'prod', cluster: 'eks', fenced: false },
  });
  const writes = Statement.filter(({ Sid }) => Sid !== 'Look').flatMap(({ Action }) => Action);
  assert.not.match(writes.join(' '), /VpcEndpoint|route53/);
});

test('in a cluster of another hand nothing is granted but to look, and the bucket', () => {
  const bound = {
    account: '123456789012',
    region: 'eu-central-1',
    site: 'prod',
    cluster: 'eks',
    existing: true,
  } as const;
  const { Statement } = policyFor({ ...bound, buckets });
  assert.equal(
    Statement.map(({ Sid }) => Sid),
    ['Look', 'OwnBuckets', 'TheirKeys'],
  );
});

test('a network that was brought bears no tag: it is named', () => {
  const network = { vpc: 'vpc-0a1b2c3d', subnets: ['subnet-0a1b2c3d'] };
  const { Statement } = policyFor({ account: '123456789012', region: 'eu-central-1', site: 'prod', network });
  const there = Statement.find(({ Sid }) => Sid === 'MakeInTheNetwork');
  assert.equal(there?.Resource, [
    'arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0a1b2c3d',
    'arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0a1b2c3d',
  ]);
  assert.ok(there?.Action.includes('ec2:RunInstances') && there.Action.includes('ec2:CreateSecurityGroup'));
  // And nothing of it is made, changed or removed.
  const changed = Statement.filter(({ Sid }) => Sid !== 'Look').flatMap(({ Action }) => Action);
  assert.not.match(changed.join(' '), /ec2:\w+(Vpc|Subnet|Gateway|Route|Table|Association|Attribute)( |$)/);
});

test('who makes a node group may start what its launch template says, in the group of the cluster, and nothing beside', () => {
  const { Statement } = policyFor({ account: '123456789012', region: 'eu-central-1', site: 'prod', cluster: 'eks' });
  const starting = Statement.filter(({ Action }) => Action.includes('ec2:RunInstances'));
  const ec2 = 'arn:aws:ec2:eu-central-1:123456789012';
  const under = (tag: string) =>
    starting.flatMap(({ Resource, Condition }) => (JSON.stringify(Condition ?? {}).includes(tag) ? Resource : []));
  for (const type of ['instance', 'volume', 'network-interface'])
    assert.ok(under('RequestTag/muster:site').includes(`${ec2}:${type}/*`), type);
  assert.ok(under('ResourceTag/muster:site').includes(`${ec2}:launch-template/*`));
  assert.ok(under('ResourceTag/muster:site').includes(`${ec2}:subnet/*`));
  assert.equal(under('kubernetes.io/cluster/prod":"owned'), ['*']);
});

test('what is called by a pattern only shows something, means what is called anyway, or is of a bucket of its own', async () => {
  const patterns = [...granted].filter(action => action.includes('*'));
  const looks = /^(eks:(Describe|List)|elasticloadbalancing:Describe|ec2:Describe(A|N|Vpc|LaunchTemplate))\*$/;
  const changes = patterns.filter(pattern => !looks.test(pattern) && pattern !== 's3:*');
  assert.ok(changes.length > 0 && changes.every(pattern => pattern.startsWith('eks:')), changes.join());
  const commands = Object.keys(await import('@aws-sdk/client-eks')).filter(name => name.endsWith('Command'));
  assert.ok(commands.length > 50);
  const meant = commands.map(name => `eks:${name.replace(/Command$/, '')}`).filter(action => grants(changes, action));
  const called = GRANTED.map(({ action }) => action);
  assert.equal(
    meant.filter(action => !called.includes(action)),
    [],
  );
});

const writes = GRANTED.flatMap(({ action, kind }) => (kind === 'write' ? action : []));
for (const cluster of ['k3s', 'eks'] as const)
  test(`a change of anything anywhere stands under the condition of its site's tag, or its cluster's: ${cluster}`, () => {
    const { Statement } = policyFor({
      ...{ account: '123456789012', region: 'eu-central-1', site: 'prod', cluster, buckets },
    });
    const changing = Statement.filter(({ Action }) => writes.some(action => grants(Action, action)));
    const services = new Set(changing.flatMap(({ Action }) => Action.map(action => action.split(':')[0])));
    const expected = ['ec2', 'elasticloadbalancing', ...(cluster === 'eks' ? ['eks', 'iam', 'route53'] : []), 's3'];
    assert.equal([...services].sort(), expected.sort());
    for (const { Sid, Resource, Condition } of changing)
      if (Resource === '*')
        assert.match(JSON.stringify(Condition?.StringEquals ?? {}), /Tag\/[^"]*(":"prod"|\/prod":)/, Sid);
  });

test('of EKS one cluster is changed, and of S3 the buckets that muster makes as the caller; else none is even read', () => {
  const of = (service: string, { Statement }: typeof policy) =>
    Statement.filter(({ Sid, Action }) => Sid !== 'Look' && Action.some(action => action.startsWith(`${service}:`)));
  const eks = 'arn:aws:eks:eu-central-1:123456789012';
  assert.equal(
    of('eks', policy).flatMap(({ Resource }) => Resource),
    [
      `${eks}:cluster/prod`,
      ...['nodegroup', 'addon', 'access-entry', 'podidentityassociation'].map(part => `${eks}:${part}/prod/*`),
    ],
  );
  assert.equal(
    of('s3', policy).flatMap(({ Resource }) => Resource),
    ['', '/*', '-selftest', '-selftest/*'].map(end => `arn:aws:s3:::muster-prod${end}`),
  );
  assert.equal(
    of('kms', policy).map(({ Resource }) => Resource),
    [[key]],
  );
  const none = policyFor({ account: '123456789012', region: 'eu-central-1', site: 'prod' });
  assert.not.match(JSON.stringify(none), /s3:|kms:/);
});

test('what changes something of EC2 is bound to the tag of the site or to an image', () => {
  for (const { Sid, Action, Resource, Condition } of policy.Statement) {
    if (!Action.some(action => action.startsWith('ec2:') && writes.includes(action))) continue;
    const tagged = JSON.stringify(Condition ?? {}).includes('Tag/muster:site":"prod"');
    const ofEks = JSON.stringify(Condition ?? {}).includes('kubernetes.io/cluster/prod":"owned"');
    assert.ok(tagged || ofEks || String(Resource).endsWith('::image/*'), Sid);
  }
});

test('every action that makes something says what, so that its tags are asked for', () => {
  const makes = ACTIONS.filter(({ action }) => /^ec2:(Create(?!Route$|Tags$)|Run|Allocate|Import)/.test(action));
  assert.equal(makes.map(({ action }) => action).sort(), Object.keys(MAKES).sort());
});

test('no action is twice in the table, and each says why', () => {
  const names = GRANTED.map(({ action }) => action);
  assert.is(new Set(names).size, names.length);
  assert.ok(GRANTED.every(({ why }) => why.length > 8));
});

test.run();
