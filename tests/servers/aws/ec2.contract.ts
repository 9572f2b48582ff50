import {
  EC2,
  type RunInstancesCommandInput,
  waitUntilInstanceRunning,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2';
import { SSM } from '@aws-sdk/client-ssm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clientOf, codeOf } from './clients.ts';
import { type AwsServer, startAws } from './server.ts';
import type { WorldOptions } from './world.ts';

interface World {
  aws: AwsServer;
  ec2: EC2;
}

const ec2 = suite<World>('the stand-in for EC2');
const open = async (context: World, options: WorldOptions = {}) => {
  context.aws = await startAws({ settleMs: 5, ...options });
  context.ec2 = clientOf(EC2, context.aws);
};
ec2.before.each(open);
ec2.after.each(async ({ aws, ec2 }) => {
  ec2.destroy();
  await aws.close();
});

const tags = (type: 'vpc' | 'subnet' | 'instance' | 'volume' | 'security-group') => ({
  TagSpecifications: [{ ResourceType: type, Tags: [{ Key: 'muster:site', Value: 'one' }] }],
});
const quick = { minDelay: 0.01, maxDelay: 0.02, maxWaitTime: 5 } as const;

async function network(ec2: EC2) {
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.20.0.0/16', ...tags('vpc') });
  const VpcId = Vpc?.VpcId;
  const { Subnet } = await ec2.createSubnet({
    VpcId,
    CidrBlock: '10.20.1.0/24',
    AvailabilityZone: 'eu-central-1a',
    ...tags('subnet'),
  });
  const { InternetGateway } = await ec2.createInternetGateway({});
  const InternetGatewayId = InternetGateway?.InternetGatewayId;
  await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
  const { RouteTable } = await ec2.createRouteTable({ VpcId });
  const RouteTableId = RouteTable?.RouteTableId;
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId });
  const { AssociationId } = await ec2.associateRouteTable({ RouteTableId, SubnetId: Subnet?.SubnetId });
  const { GroupId } = await ec2.createSecurityGroup({
    VpcId,
    GroupName: 'one',
    Description: 'one',
    ...tags('security-group'),
  });
  return { VpcId, SubnetId: Subnet?.SubnetId, InternetGatewayId, RouteTableId, AssociationId, GroupId };
}

async function wanted(aws: AwsServer, net: { SubnetId?: string; GroupId?: string }): Promise<RunInstancesCommandInput> {
  const name = '/aws/service/debian/release/12/latest/amd64';
  const ssm = clientOf(SSM, aws);
  const { Parameter } = await ssm.getParameter({ Name: name });
  ssm.destroy();
  return {
    ...{ ImageId: Parameter?.Value, InstanceType: 't3.large', MinCount: 1, MaxCount: 1, ClientToken: 'token-1' },
    UserData: Buffer.from('#cloud-config\n').toString('base64'),
    MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 },
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/xvda',
        Ebs: { VolumeType: 'gp3', VolumeSize: 20, Encrypted: true, DeleteOnTermination: true },
      },
    ],
    NetworkInterfaces: [
      { DeviceIndex: 0, SubnetId: net.SubnetId, Groups: [net.GroupId ?? ''], AssociatePublicIpAddress: true },
    ],
    TagSpecifications: [...tags('instance').TagSpecifications, ...tags('volume').TagSpecifications],
  };
}

ec2('a site is built, seen by its tag, and removed in the right order only', async ({ aws, ec2 }) => {
  const net = await network(ec2);
  const run = await ec2.runInstances(await wanted(aws, net));
  const InstanceIds = [run.Instances?.[0]?.InstanceId ?? ''];
  await waitUntilInstanceRunning({ client: ec2, ...quick }, { InstanceIds });
  const Filters = [{ Name: 'tag:muster:site', Values: ['one'] }];
  const { Reservations } = await ec2.describeInstances({ Filters });
  const seen = Reservations?.[0]?.Instances?.[0];
  assert.equal(seen?.MetadataOptions?.HttpTokens, 'required');
  assert.match(seen?.PublicIpAddress ?? '', /^203\.0\.113\./);
  const { Volumes } = await ec2.describeVolumes({ Filters });
  assert.equal(
    Volumes?.map(({ Encrypted, VolumeType, Size, State }) => ({ Encrypted, VolumeType, Size, State })),
    [{ Encrypted: true, VolumeType: 'gp3', Size: 20, State: 'in-use' }],
  );
  assert.is(await codeOf(ec2.deleteVpc({ VpcId: net.VpcId })), 'DependencyViolation');
  assert.is(await codeOf(ec2.deleteSubnet({ SubnetId: net.SubnetId })), 'DependencyViolation');
  assert.is(await codeOf(ec2.deleteSecurityGroup({ GroupId: net.GroupId })), 'DependencyViolation');
  await ec2.terminateInstances({ InstanceIds });
  await waitUntilInstanceTerminated({ client: ec2, ...quick }, { InstanceIds });
  assert.is(
    await codeOf(ec2.deleteInternetGateway({ InternetGatewayId: net.InternetGatewayId })),
    'DependencyViolation',
  );
  await ec2.detachInternetGateway({ InternetGatewayId: net.InternetGatewayId, VpcId: net.VpcId });
  await ec2.deleteInternetGateway({ InternetGatewayId: net.InternetGatewayId });
  assert.is(await codeOf(ec2.deleteRouteTable({ RouteTableId: net.RouteTableId })), 'DependencyViolation');
  await ec2.deleteSubnet({ SubnetId: net.SubnetId });
  await ec2.deleteRouteTable({ RouteTableId: net.RouteTableId });
  await ec2.deleteSecurityGroup({ GroupId: net.GroupId });
  await ec2.deleteVpc({ VpcId: net.VpcId });
  const left = await ec2.describeTags({ Filters });
  // A terminated instance stays to be seen, with its tags.
  assert.equal(
    left.Tags?.map(({ ResourceType }) => ResourceType),
    ['instance'],
  );
  assert.equal(aws.unknown(), []);
});

ec2('the same token with the same parameters starts one instance; with others it is refused', async ({ aws, ec2 }) => {
  const want = await wanted(aws, await network(ec2));
  const first = await ec2.runInstances(want);
  const again = await ec2.runInstances(want);
  assert.is(again.Instances?.[0]?.InstanceId, first.Instances?.[0]?.InstanceId);
  assert.is(await codeOf(ec2.runInstances({ ...want, InstanceType: 't3.xlarge' })), 'IdempotentParameterMismatch');
  assert.equal(aws.unknown(), []);
});

ec2('a reply that is lost was done: the retried call finds the one instance', async ({ aws, ec2 }) => {
  const want = await wanted(aws, await network(ec2));
  aws.world.faults.lose('RunInstances');
  const { Instances } = await ec2.runInstances(want);
  const { Reservations } = await ec2.describeInstances({});
  assert.equal(
    Reservations?.map(each => each.Instances?.[0]?.InstanceId),
    [Instances?.[0]?.InstanceId],
  );
  assert.equal(
    aws.calls.filter(each => each.operation === 'RunInstances').map(({ answer }) => answer),
    ['lost', 'ok'],
  );
});

ec2('what was just created is not seen until the lag is over', async ({ aws, ec2 }) => {
  aws.world.faults.lagMs = 60_000;
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.20.0.0/16' });
  const find = { Filters: [{ Name: 'cidr', Values: ['10.20.0.0/16'] }] };
  assert.equal((await ec2.describeVpcs(find)).Vpcs, []);
  assert.is(await codeOf(ec2.describeVpcs({ VpcIds: [Vpc?.VpcId ?? ''] })), 'InvalidVpcID.NotFound');
  aws.world.clockOffset = 61_000;
  assert.is((await ec2.describeVpcs(find)).Vpcs?.length, 1);
});

ec2('a list comes in pages', async ({ ec2 }) => {
  const { VpcId } = await network(ec2);
  for (let n = 0; n < 7; n++) await ec2.createSecurityGroup({ VpcId, GroupName: `g${n}`, Description: 'g' });
  const Filters = [{ Name: 'vpc-id', Values: [VpcId ?? ''] }];
  const first = await ec2.describeSecurityGroups({ Filters });
  assert.is(first.SecurityGroups?.length, 5);
  const second = await ec2.describeSecurityGroups({ Filters, NextToken: first.NextToken });
  assert.is(second.SecurityGroups?.length, 4);
  assert.is(second.NextToken, undefined);
});

ec2('no capacity, a full quota and a throttling storm have the real codes', async ({ aws, ec2 }) => {
  const want = { ...(await wanted(aws, await network(ec2))), ClientToken: undefined };
  aws.world.faults.noCapacity.add('eu-central-1a');
  const once = clientOf(EC2, aws, { maxAttempts: 1 });
  assert.is(await codeOf(once.runInstances(want)), 'InsufficientInstanceCapacity');
  aws.world.faults.clear();
  aws.world.faults.quotas.vcpus = 1;
  assert.is(await codeOf(once.runInstances(want)), 'VcpuLimitExceeded');
  aws.world.faults.throttle({ times: 2 });
  assert.is(await codeOf(once.describeVpcs({})), 'RequestLimitExceeded');
  once.destroy();
  // The SDK tries again: one more is refused, then it is through.
  assert.is((await ec2.describeVpcs({})).Vpcs?.length, 2);
});

ec2('rules of a security group are added once, and removed as they are', async ({ aws, ec2 }) => {
  const { GroupId } = await network(ec2);
  const rule = (port: number) => ({
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    IpRanges: [{ CidrIp: '198.51.100.7/32', Description: 'mine' }],
  });
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [rule(22)] });
  assert.is(
    await codeOf(ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [rule(6443), rule(22)] })),
    'InvalidPermission.Duplicate',
  );
  const { SecurityGroups } = await ec2.describeSecurityGroups({ GroupIds: [GroupId ?? ''] });
  assert.equal(
    SecurityGroups?.[0]?.IpPermissions?.map(({ FromPort, IpRanges }) => [FromPort, IpRanges?.[0]?.CidrIp]),
    [[22, '198.51.100.7/32']],
  );
  await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [rule(22)] });
  assert.is(
    await codeOf(ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [rule(22)] })),
    'InvalidPermission.NotFound',
  );
  assert.equal(aws.unknown(), []);
});

ec2(
  'a way into a network is one a zone, under the name of its service where the network has names',
  async ({ aws, ec2 }) => {
    const { Vpc } = await ec2.createVpc({ CidrBlock: '10.30.0.0/16' });
    const VpcId = Vpc?.VpcId ?? '';
    const subnet = async (CidrBlock: string) =>
      (await ec2.createSubnet({ VpcId, CidrBlock, AvailabilityZone: 'eu-central-1a' })).Subnet?.SubnetId ?? '';
    const [one, other] = [await subnet('10.30.0.0/24'), await subnet('10.30.1.0/24')];
    const want = {
      ...({ VpcId, VpcEndpointType: 'Interface', ServiceName: 'com.amazonaws.eu-central-1.ec2' } as const),
      ...{ SubnetIds: [one], PrivateDnsEnabled: true },
    };
    assert.is(await codeOf(ec2.createVpcEndpoint(want)), 'InvalidParameter');
    await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } });
    assert.is(await codeOf(ec2.createVpcEndpoint({ ...want, SubnetIds: [one, other] })), 'DuplicateSubnetsInSameZone');
    assert.is(await codeOf(ec2.createVpcEndpoint({ ...want, ServiceName: 'ec2' })), 'InvalidServiceName');
    const { VpcEndpoint } = await ec2.createVpcEndpoint(want);
    const ids = [VpcEndpoint?.VpcEndpointId ?? ''];
    assert.is(await codeOf(ec2.createVpcEndpoint(want)), 'InvalidParameter');
    assert.is(await codeOf(ec2.deleteSubnet({ SubnetId: one })), 'DependencyViolation');
    const { Unsuccessful } = await ec2.deleteVpcEndpoints({ VpcEndpointIds: [...ids, 'vpce-0123456789abcdef0'] });
    assert.equal(
      Unsuccessful?.map(({ ResourceId }) => ResourceId),
      ['vpce-0123456789abcdef0'],
    );
    assert.equal(aws.unknown(), []);
  },
);

ec2('what it does not know is loud: an operation, a parameter that nobody reads', async ({ aws, ec2 }) => {
  await codeOf(ec2.createVpcPeeringConnection({ VpcId: 'vpc-12345678' }));
  await ec2.createVpc({ CidrBlock: '10.20.0.0/16', Ipv6Pool: 'pool' });
  assert.equal(aws.unknown(), [
    'ec2 CreateVpcPeeringConnection: the stand-in does not know operation CreateVpcPeeringConnection',
    'ec2:CreateVpc: parameter Ipv6Pool is not looked at by the stand-in',
  ]);
});

ec2.run();
