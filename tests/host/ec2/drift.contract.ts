import type { EC2 } from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sitesInAws } from '../../../lib/site/reap.ts';
import { leaks } from '../../../lib/site/teardown.ts';
import { clientOf, codeOf } from '../../servers/aws/clients.ts';
import { ACCOUNT, apply, destroy, endWorld, list, newWorld, siteOf, using, type World, whole } from './world.ts';

interface Context extends World {
  /** Somebody with a console. */
  hand: EC2;
}

const test = suite<Context>('a site on EC2 that somebody changes by hand');
test.before.each(async context => {
  const { EC2: Client } = await import('@aws-sdk/client-ec2');
  Object.assign(context, await newWorld());
  context.hand = clientOf(Client, context.aws, { keys: context.aws.world.user('console') });
});
test.after.each(async context => {
  context.hand.destroy();
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const group = async ({ hand }: Context) => {
  const { SecurityGroups = [] } = await hand.describeSecurityGroups({
    Filters: [{ Name: 'tag:muster:role', Values: ['firewall'] }],
  });
  return SecurityGroups[0];
};
const open = (
  permissions: {
    IpProtocol?: string | undefined;
    FromPort?: number | undefined;
    IpRanges?: { CidrIp?: string | undefined }[] | undefined;
  }[] = [],
) =>
  permissions.flatMap(({ IpProtocol, FromPort, IpRanges = [] }) =>
    IpRanges.map(({ CidrIp }) => `${IpProtocol} ${FromPort} ${CidrIp}`),
  );

test('SSH that was opened to the world is closed, and what was closed is opened again', async context => {
  await apply(context);
  const before = open((await group(context))?.IpPermissions).sort();
  assert.equal(
    before.filter(rule => rule.endsWith('0.0.0.0/0')),
    ['tcp 443 0.0.0.0/0', 'tcp 80 0.0.0.0/0'],
  );
  const GroupId = (await group(context))?.GroupId ?? '';
  const rule = (FromPort: number, CidrIp: string) => ({
    IpProtocol: 'tcp',
    FromPort,
    ToPort: FromPort,
    IpRanges: [{ CidrIp }],
  });
  await context.hand.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [rule(22, '0.0.0.0/0')] });
  await context.hand.revokeSecurityGroupIngress({ GroupId, IpPermissions: [rule(6443, '203.0.113.7/32')] });
  const { changed } = await apply(context);
  assert.equal(changed, ['ec2.firewall site/cloudy']);
  assert.equal(open((await group(context))?.IpPermissions).sort(), before);
});

test('a machine that was stopped by hand is started, a metadata service that was opened is closed', async context => {
  await apply(context);
  const { Reservations } = await context.hand.describeInstances({});
  const InstanceId = Reservations?.[0]?.Instances?.[0]?.InstanceId ?? '';
  await context.hand.modifyInstanceMetadataOptions({ InstanceId, HttpTokens: 'optional' });
  await context.hand.stopInstances({ InstanceIds: [InstanceId] });
  const { changed } = await apply(context);
  assert.equal(changed, ['ec2.instance host/server-1', 'machine.power host/server-1']);
});

test('a metadata service that pods were let reach is out of their reach again', async context => {
  await apply(context);
  const machine = async () => (await context.hand.describeInstances({})).Reservations?.[0]?.Instances?.[0];
  const InstanceId = (await machine())?.InstanceId ?? '';
  await context.hand.modifyInstanceMetadataOptions({ InstanceId, HttpPutResponseHopLimit: 2 });
  const { changed } = await apply(context);
  assert.equal(changed, ['ec2.instance host/server-1']);
  const { HttpTokens, HttpPutResponseHopLimit } = (await machine())?.MetadataOptions ?? {};
  assert.equal([HttpTokens, HttpPutResponseHopLimit], ['required', 1]);
});

test('a machine that was terminated by hand is made anew, though its token still points at the old one', async context => {
  await apply(context);
  const { Reservations } = await context.hand.describeInstances({});
  const InstanceId = Reservations?.[0]?.Instances?.[0]?.InstanceId ?? '';
  await context.hand.terminateInstances({ InstanceIds: [InstanceId] });
  const { changed } = await apply(context);
  assert.ok(changed.includes('ec2.instance host/server-1'), changed.join());
  const [machine, ...others] = (await list(context)).filter(({ kind }) => kind === 'machine');
  assert.equal(others, []);
  assert.is.not(machine?.id, InstanceId);
});

test('a subnet that was given another route table is led by its own again', async context => {
  await apply(context);
  const ours = async () =>
    (await context.hand.describeRouteTables({ Filters: [{ Name: 'tag:muster:role', Values: ['routes/public'] }] }))
      .RouteTables?.[0];
  const subnets = async () => (await ours())?.Associations?.map(({ SubnetId }) => SubnetId).sort();
  const [before, table] = [await subnets(), await ours()];
  const { RouteTable } = await context.hand.createRouteTable({ VpcId: table?.VpcId });
  const AssociationId = table?.Associations?.[0]?.RouteTableAssociationId;
  const another = { AssociationId, RouteTableId: RouteTable?.RouteTableId };
  await context.hand.replaceRouteTableAssociation(another);
  assert.is(await codeOf(context.hand.replaceRouteTableAssociation(another)), 'InvalidAssociationID.NotFound');
  assert.is((await subnets())?.length, 1);
  const { changed } = await apply(context);
  assert.equal(changed, ['ec2.routes site/cloudy']);
  assert.equal(await subnets(), before);
});

test('what Kubernetes left behind is a leak: a disk and a snapshot that bear its tag and none of ours', async context => {
  await apply(context);
  await destroy(context);
  const Tags = [{ Key: 'kubernetes.io/cluster/cloudy', Value: 'owned' }];
  const made = await context.hand.createVolume({
    AvailabilityZone: 'eu-central-1a',
    Size: 1,
    TagSpecifications: [{ ResourceType: 'volume', Tags }],
  });
  await using(context, siteOf(), async opened => {
    assert.equal(await leaks(opened), [{ kind: 'volume', id: made.VolumeId ?? '', detail: 'made by Kubernetes' }]);
  });
  // Another site's are none of ours.
  await using(context, siteOf({}, 'other'), async opened => assert.equal(await leaks(opened), []));
});

test('a NAT gateway that failed is no leak: AWS shows it for an hour, and then it goes', async context => {
  await apply(context, whole);
  await destroy(context, whole);
  const [nat] = context.aws.world.ec2(ACCOUNT, 'eu-central-1').natGateways.all();
  assert.is(nat?.State, 'deleted');
  Object.assign(nat ?? {}, { State: 'failed' });
  await using(context, whole, async opened => {
    assert.equal(await leaks(opened), []);
    assert.equal(await sitesInAws(opened), []);
  });
});

test('when AWS does not answer, nobody says that nothing is left', async context => {
  await apply(context);
  await destroy(context);
  context.aws.world.faults.refuse('DescribeVolumes', { code: 'UnauthorizedOperation', status: 403 }, 99);
  await using(context, siteOf(), async opened => {
    const error = await leaks(opened).catch(thrown => thrown);
    assert.is(error.code, 'LEAK_UNKNOWN');
    assert.match(error.message, /UnauthorizedOperation/);
  });
});

test.run();
