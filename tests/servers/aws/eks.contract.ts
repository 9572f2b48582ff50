import { EC2 } from '@aws-sdk/client-ec2';
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clientOf, codeOf } from './clients.ts';
import { type AwsServer, startAws } from './server.ts';

interface World {
  aws: AwsServer;
  ec2: EC2;
  eks: EKS;
  iam: IAM;
}

const stand = suite<World>('the stand-in for EKS and IAM');
stand.before.each(async context => {
  context.aws = await startAws({ settleMs: 5, pageSize: 3 });
  context.ec2 = clientOf(EC2, context.aws);
  context.eks = clientOf(EKS, context.aws);
  context.iam = clientOf(IAM, context.aws);
});
stand.after.each(async ({ aws, ec2, eks, iam }) => {
  assert.equal(aws.unknown(), []);
  for (const client of [ec2, eks, iam]) client.destroy();
  await aws.close();
});

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const ARN = 'arn:aws:iam::111122223333';

/** A role that EKS knows by now. */
async function role(iam: IAM, RoleName: string, service: string, policies: string[], ...actions: string[]) {
  const Statement = [{ Effect: 'Allow', Principal: { Service: service }, Action: ['sts:AssumeRole', ...actions] }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.createRole({ RoleName, Path: '/muster/', AssumeRolePolicyDocument });
  for (const name of policies) await iam.attachRolePolicy({ RoleName, PolicyArn: `arn:aws:iam::aws:policy/${name}` });
  return `${ARN}:role/muster/${RoleName}`;
}

async function subnets(ec2: EC2, zones = ['eu-central-1a', 'eu-central-1b']) {
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.20.0.0/16' });
  const { InternetGateway } = await ec2.createInternetGateway({});
  const { InternetGatewayId } = InternetGateway ?? {};
  await ec2.attachInternetGateway({ InternetGatewayId, VpcId: Vpc?.VpcId });
  const { RouteTable } = await ec2.createRouteTable({ VpcId: Vpc?.VpcId });
  const { RouteTableId } = RouteTable ?? {};
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId });
  return Promise.all(
    zones.map(async (AvailabilityZone, n) => {
      const CidrBlock = `10.20.${n}.0/24`;
      const { Subnet } = await ec2.createSubnet({ VpcId: Vpc?.VpcId, CidrBlock, AvailabilityZone });
      await ec2.associateRouteTable({ RouteTableId, SubnetId: Subnet?.SubnetId });
      await ec2.modifySubnetAttribute({ SubnetId: Subnet?.SubnetId, MapPublicIpOnLaunch: { Value: true } });
      return Subnet?.SubnetId ?? '';
    }),
  );
}

async function wanted({ ec2, iam }: World) {
  const roleArn = await role(iam, 'cluster', 'eks.amazonaws.com', ['AmazonEKSClusterPolicy']);
  const subnetIds = await subnets(ec2);
  await pause(250);
  return {
    ...{ name: 'one', version: '1.35', roleArn, resourcesVpcConfig: { subnetIds } },
    ...{ accessConfig: { authenticationMode: 'API' as const }, upgradePolicy: { supportType: 'STANDARD' as const } },
  };
}

async function until(look: () => Promise<string | undefined>, status: string) {
  // Counted in time: of looks, a fast computer has too many.
  for (const end = performance.now() + 30_000; performance.now() < end; await pause(5)) {
    if ((await look()) === status) return;
  }
  assert.unreachable(`never ${status}`);
}

const clusterIs = ({ eks }: World, status: string) =>
  until(
    () =>
      eks.describeCluster({ name: 'one' }).then(
        ({ cluster }) => cluster?.status,
        error => error.name,
      ),
    status,
  );

stand('makes a cluster in two zones, with a role that it may take, and refuses what EKS refuses', async context => {
  const { eks } = context;
  const want = await wanted(context);
  const [first = ''] = want.resourcesVpcConfig.subnetIds;
  const create = (change: object) => codeOf(eks.createCluster({ ...want, ...change }));
  assert.is(await create({ version: '1.99' }), 'InvalidParameterException');
  assert.is(await create({ version: '1.33' }), 'InvalidParameterException');
  assert.is(await create({ roleArn: `${ARN}:role/nobody` }), 'InvalidParameterException');
  assert.is(await create({ resourcesVpcConfig: { subnetIds: [first] } }), 'InvalidParameterException');
  assert.is(await create({ clientRequestToken: 'a' }), undefined);
  assert.is(await create({ clientRequestToken: 'a' }), undefined);
  assert.is(await create({ clientRequestToken: 'a', version: '1.36' }), 'InvalidParameterException');
  assert.is(await create({}), 'ResourceInUseException');
  await clusterIs(context, 'ACTIVE');
});

stand('upgrades one minor, and not two, nor twice at once', async context => {
  const { eks } = context;
  await eks.createCluster({ ...(await wanted(context)), version: '1.34' });
  await clusterIs(context, 'ACTIVE');
  const to = (version: string) => codeOf(eks.updateClusterVersion({ name: 'one', version }));
  assert.is(await to('1.36'), 'InvalidParameterException');
  // So that the first is under way when the second comes, however slow the computer.
  context.aws.world.settleMs = 2000;
  assert.equal((await Promise.all([to('1.35'), to('1.35')])).sort(), ['ResourceInUseException', undefined]);
  await clusterIs(context, 'ACTIVE');
  assert.is((await eks.describeCluster({ name: 'one' })).cluster?.version, '1.35');
});

stand(
  'nodes join with the policies and the network plugin, or say why not; and they hold their cluster',
  async context => {
    const { eks, iam } = context;
    const want = await wanted(context);
    await eks.createCluster(want);
    const policies = ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly'];
    const nodeRole = await role(iam, 'node', 'ec2.amazonaws.com', policies);
    const roleArn = await role(iam, 'cni', 'pods.eks.amazonaws.com', ['AmazonEKS_CNI_Policy'], 'sts:TagSession');
    await pause(250);
    await clusterIs(context, 'ACTIVE');
    const subnets = want.resourcesVpcConfig.subnetIds;
    const group = (nodegroupName: string) =>
      eks.createNodegroup({ clusterName: 'one', nodegroupName, nodeRole, subnets });
    const groupIs = (nodegroupName: string, status: string) =>
      until(async () => (await eks.describeNodegroup({ clusterName: 'one', nodegroupName })).nodegroup?.status, status);
    await group('early');
    await groupIs('early', 'CREATE_FAILED');
    const addon = (addonName: string, addonVersion?: string, more = {}) =>
      codeOf(eks.createAddon({ clusterName: 'one', addonName, addonVersion, ...more }));
    const podIdentityAssociations = [{ serviceAccount: 'aws-node', roleArn }];
    assert.is(await addon('vpc-cni', 'v0.0.1-eksbuild.1'), 'InvalidParameterException');
    assert.is(await addon('vpc-cni', 'v1.21.3-eksbuild.1', { podIdentityAssociations }), undefined);
    assert.is(await addon('coredns'), undefined);
    await pause(20);
    const status = async (addonName: string) =>
      (await eks.describeAddon({ clusterName: 'one', addonName })).addon?.status;
    assert.is(await status('coredns'), 'DEGRADED');
    await group('good');
    await groupIs('good', 'ACTIVE');
    assert.is(await status('coredns'), 'ACTIVE');
    assert.is(await codeOf(eks.deleteCluster({ name: 'one' })), 'ResourceInUseException');
    assert.is(await codeOf(iam.deleteRole({ RoleName: 'node' })), 'DeleteConflictException');
  },
);

stand.run();
