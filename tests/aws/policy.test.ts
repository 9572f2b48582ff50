import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { IMPLIED } from '../../lib/aws/actions/implied.ts';
import { actionOf } from '../../lib/aws/actions.ts';
import { ACTIONS, GRANTED, policyFor } from '../../lib/aws/index.ts';
import { MAKES } from '../../lib/aws/policy.ts';
import { ROLE_PATH, rolesWanted } from '../../lib/cluster/eks/role.ts';

const policy = policyFor({ account: '123456789012', region: 'eu-central-1', site: 'prod' });
const granted = new Set(policy.Statement.flatMap(({ Action }) => Action));

test('the policy grants every action that the gate lets through, what AWS asks for behind them, and no other', () => {
  assert.equal([...granted].sort(), GRANTED.map(({ action }) => action).sort());
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

test('of IAM only the roles of muster may be changed, passed to EKS, and given what they need', () => {
  const of = (sid: string) => policy.Statement.find(({ Sid }) => Sid === sid);
  const iam = policy.Statement.filter(
    ({ Action, Sid }) => Sid !== 'Look' && Action.some(each => each.startsWith('iam:')),
  );
  assert.equal(
    iam.flatMap(({ Resource }) => Resource),
    [
      ...Array(3).fill(`arn:aws:iam::123456789012:role${ROLE_PATH}*`),
      'arn:aws:iam::123456789012:role/aws-service-role/*',
    ],
  );
  const given = rolesWanted({ name: 'prod' }, 'eu-central-1').flatMap(({ policies }) => policies);
  assert.equal([...(of('GivePolicies')?.Condition?.ArnEquals?.['iam:PolicyARN'] ?? [])].sort(), given.sort());
});

/** The longest name of a region, and the longest of a partition. */
const LONG = ['ap-southeast-2', 'us-gov-west-1'];

for (const [cluster, region] of (['k3s', 'eks'] as const).flatMap(of => LONG.map(region => [of, region] as const)))
  test(`IAM takes what is printed for ${cluster} in ${region}: 6144 characters, whatever is called how`, () => {
    const site = 'a-name-of-twenty-four-ch';
    const network = { vpc: 'vpc-0123456789abcdef0', subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] };
    const printed = JSON.stringify(policyFor({ account: '123456789012', region, site, cluster, network }));
    assert.ok(printed.length <= 6144, `${printed.length}`);
  });

test('a site that is not rehearsed is granted nothing of what is behind a fence', () => {
  const { Statement } = policyFor({
    ...{ account: '123456789012', region: 'eu-central-1', site: 'prod', cluster: 'eks', fenced: false },
  });
  const writes = Statement.filter(({ Sid }) => Sid !== 'Look').flatMap(({ Action }) => Action);
  assert.not.match(writes.join(' '), /VpcEndpoint|route53/);
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
});

test('nothing is granted by a wildcard, and what changes something of EC2 is bound to the tag of the site or to an image', () => {
  assert.not.match([...granted].join(' '), /\*/);
  const writes = new Set(ACTIONS.flatMap(({ action, kind }) => (kind === 'write' ? action : [])));
  for (const { Sid, Action, Resource, Condition } of policy.Statement) {
    if (!Action.some(action => action.startsWith('ec2:') && writes.has(action))) continue;
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
