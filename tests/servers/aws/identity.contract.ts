import { EC2 } from '@aws-sdk/client-ec2';
import { IAM } from '@aws-sdk/client-iam';
import { SSM } from '@aws-sdk/client-ssm';
import { STS } from '@aws-sdk/client-sts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clientOf, codeOf } from './clients.ts';
import type { Keys } from './identity.ts';
import { type AwsServer, startAws } from './server.ts';

const minute = 60_000;
const identity = suite<{ aws: AwsServer }>('the stand-in knows who calls');
identity.before.each(async context => {
  context.aws = await startAws({ settleMs: 5 });
});
identity.after.each(({ aws }) => aws.close());

/** One call of each protocol, with the same keys. */
async function codes(aws: AwsServer, keys: Keys): Promise<(string | undefined)[]> {
  const clients = [EC2, STS, SSM].map(client => clientOf<EC2 | STS | SSM>(client, aws, { keys, maxAttempts: 1 }));
  const [ec2, sts, ssm] = clients as [EC2, STS, SSM];
  const asked = [ec2.describeVpcs({}), sts.getCallerIdentity({}), ssm.getParameters({ Names: ['/x'] })];
  const found = await Promise.all(asked.map(codeOf));
  for (const client of clients) client.destroy();
  return found;
}

identity(
  'a key that nobody has, and a secret that is not its own, are refused as each service does',
  async ({ aws }) => {
    const wrong = { ...aws.keys, secretAccessKey: 'wrong' };
    assert.equal(await codes(aws, wrong), ['AuthFailure', 'SignatureDoesNotMatch', 'InvalidSignatureException']);
    const unknown = { ...aws.keys, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' };
    assert.equal(await codes(aws, unknown), ['AuthFailure', 'InvalidClientTokenId', 'UnrecognizedClientException']);
    assert.equal(await codes(aws, aws.keys), [undefined, undefined, undefined]);
  },
);

identity('a clock that is 20 minutes off is refused once; the SDK learns the time and goes on', async ({ aws }) => {
  aws.world.clockOffset = 20 * minute;
  assert.equal(await codes(aws, aws.keys), ['RequestExpired', 'SignatureDoesNotMatch', 'InvalidSignatureException']);
  const sts = clientOf(STS, aws);
  assert.is((await sts.getCallerIdentity({})).Account, '111122223333');
  sts.destroy();
});

identity('the keys of a role work until they expire', async ({ aws }) => {
  const iam = clientOf(IAM, aws);
  const sts = clientOf(STS, aws);
  const trust = (AWS: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
    });
  await iam.createRole({ RoleName: 'mine', AssumeRolePolicyDocument: trust('arn:aws:iam::111122223333:root') });
  await iam.createRole({ RoleName: 'theirs', AssumeRolePolicyDocument: trust('arn:aws:iam::999900001111:root') });
  const assume = (name: string) =>
    sts.assumeRole({
      RoleArn: `arn:aws:iam::111122223333:role/${name}`,
      RoleSessionName: 'drill',
      DurationSeconds: 900,
    });
  assert.is(await codeOf(assume('theirs')), 'AccessDenied');
  assert.is(await codeOf(assume('nobody')), 'AccessDenied');
  const { Credentials } = await assume('mine');
  const keys = aws.world.keys.find(({ accessKeyId }) => accessKeyId === Credentials?.AccessKeyId);
  if (!keys) throw new Error('no keys');
  assert.equal(await codes(aws, keys), [undefined, undefined, undefined]);
  assert.is(aws.calls.at(-1)?.caller, 'arn:aws:sts::111122223333:assumed-role/mine/drill');
  const { sessionToken: _, ...withoutToken } = keys;
  assert.equal(await codes(aws, withoutToken), ['AuthFailure', 'InvalidClientTokenId', 'UnrecognizedClientException']);
  keys.expires = aws.world.now();
  assert.equal(await codes(aws, keys), ['RequestExpired', 'ExpiredToken', 'ExpiredTokenException']);
  assert.equal(aws.unknown(), []);
  iam.destroy();
  sts.destroy();
});

identity('what the keys do not allow is refused, and changes nothing', async ({ aws }) => {
  const keys = Object.assign(aws.world.user('reader'), { allowed: ['ec2:Describe*'] });
  assert.equal(await codes(aws, keys), [undefined, undefined, 'AccessDeniedException']);
  const ec2 = clientOf(EC2, aws, { keys });
  assert.is(await codeOf(ec2.createVpc({ CidrBlock: '10.20.0.0/16' })), 'UnauthorizedOperation');
  assert.is((await ec2.describeVpcs({})).Vpcs?.length, 1);
  ec2.destroy();
});

identity('another account sees nothing of ours', async ({ aws }) => {
  const ours = clientOf(EC2, aws);
  const theirs = clientOf(EC2, aws, { keys: aws.world.user('other', '444455556666') });
  const { Vpc } = await ours.createVpc({ CidrBlock: '10.20.0.0/16' });
  assert.is(await codeOf(theirs.describeVpcs({ VpcIds: [Vpc?.VpcId ?? ''] })), 'InvalidVpcID.NotFound');
  ours.destroy();
  theirs.destroy();
});

identity('a role goes when nothing holds it, and a policy is one before it is kept', async ({ aws }) => {
  const iam = clientOf(IAM, aws);
  const document = (more: object) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...more }],
    });
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  });
  await iam.createRole({
    RoleName: 'node',
    AssumeRolePolicyDocument: trust,
    Tags: [{ Key: 'muster:site', Value: 'one' }],
  });
  assert.is(
    await codeOf(iam.createRole({ RoleName: 'node', AssumeRolePolicyDocument: trust })),
    'EntityAlreadyExistsException',
  );
  const put = (PolicyDocument: string) => iam.putRolePolicy({ RoleName: 'node', PolicyName: 'read', PolicyDocument });
  for (const bad of [
    document({ Resource: 'my-bucket' }),
    document({ Action: 'GetObject' }),
    document({ Principal: '*' }),
    '{',
  ])
    assert.is(await codeOf(put(bad)), 'MalformedPolicyDocumentException');
  await put(document({}));
  const read = await iam.getRolePolicy({ RoleName: 'node', PolicyName: 'read' });
  assert.is(decodeURIComponent(read.PolicyDocument ?? ''), document({}));
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy';
  assert.is(
    await codeOf(iam.attachRolePolicy({ RoleName: 'node', PolicyArn: `${PolicyArn}x` })),
    'NoSuchEntityException',
  );
  await iam.attachRolePolicy({ RoleName: 'node', PolicyArn });
  await iam.createInstanceProfile({ InstanceProfileName: 'node' });
  await iam.addRoleToInstanceProfile({ InstanceProfileName: 'node', RoleName: 'node' });
  const gone = () => iam.deleteRole({ RoleName: 'node' });
  assert.is(await codeOf(gone()), 'DeleteConflictException');
  await iam.deleteRolePolicy({ RoleName: 'node', PolicyName: 'read' });
  await iam.detachRolePolicy({ RoleName: 'node', PolicyArn });
  assert.is(await codeOf(gone()), 'DeleteConflictException');
  await iam.removeRoleFromInstanceProfile({ InstanceProfileName: 'node', RoleName: 'node' });
  await gone();
  assert.is(await codeOf(iam.getRole({ RoleName: 'node' })), 'NoSuchEntityException');
  assert.equal(aws.unknown(), []);
  iam.destroy();
});

identity('a call with tags asks for the right to tag too, as IAM does', async ({ aws }) => {
  const keys = aws.world.user('narrow');
  keys.allowed = ['iam:CreateRole', 'ec2:CreateVpc'];
  const [iam, ec2] = [clientOf(IAM, aws, { keys }), clientOf(EC2, aws, { keys })];
  const Statement = [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }];
  const role = { RoleName: 'mine', AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) };
  const Tags = [{ Key: 'muster:site', Value: 'one' }];
  const vpc = { CidrBlock: '10.20.0.0/16' };
  const TagSpecifications = [{ ResourceType: 'vpc' as const, Tags }];
  assert.is(await codeOf(iam.createRole({ ...role, Tags })), 'AccessDenied');
  assert.is(await codeOf(ec2.createVpc({ ...vpc, TagSpecifications })), 'UnauthorizedOperation');
  keys.allowed = [...keys.allowed, 'iam:TagRole', 'ec2:CreateTags'];
  assert.is(await codeOf(iam.createRole({ ...role, Tags })), undefined);
  assert.is(await codeOf(ec2.createVpc({ ...vpc, TagSpecifications })), undefined);
  for (const client of [iam, ec2]) client.destroy();
});

identity.run();
