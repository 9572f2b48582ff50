import { connect } from 'node:net';
import {
  EC2,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { createSshKeyPair, Masker, type Secret } from '../../../lib/secret/index.ts';
import { createShells } from '../../../lib/shell/index.ts';
import { systemClock } from '../../../lib/time/index.ts';
import { skip } from '../../starter/skip.ts';
import { clientOf, codeOf } from './clients.ts';
import { imageParameters } from './ec2/images.ts';
import { type PodmanRunner, startRunner } from './instances/podman-runner.ts';
import { type AwsServer, startAws } from './server.ts';

interface World {
  aws: AwsServer;
  runner: PodmanRunner;
  ec2: EC2;
  net: { VpcId: string; SubnetId: string; GroupId: string };
  host: { publicKey: string; privateKey: Secret };
  login: { publicKey: string; privateKey: Secret };
  /** Of the first one. */
  id: string;
}

const test = suite<World>('an instance that runs');
const wait = { minDelay: 0.2, maxDelay: 0.5, maxWaitTime: 60 } as const;

test.before(async world => {
  if (process.getuid?.() !== 0) skip('instances that run need root');
  world.runner = await startRunner();
  world.aws = await startAws({ runner: world.runner });
  world.ec2 = clientOf(EC2, world.aws);
  [world.host, world.login] = await Promise.all([createSshKeyPair('host'), createSshKeyPair('login')]);
  world.net = await network(world.ec2);
});
test.after(async ({ aws, ec2 }) => {
  ec2?.destroy();
  await aws?.close();
});

const ssh = (CidrIp: string) => ({ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp }] });

/** Does somebody who is let in say something, or wait for us to? */
const answers = (address: string, port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, address);
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
  });

async function network(ec2: EC2) {
  const VpcId = (await ec2.createVpc({ CidrBlock: '10.20.0.0/16' })).Vpc?.VpcId ?? '';
  const SubnetId = (await ec2.createSubnet({ VpcId, CidrBlock: '10.20.1.0/24' })).Subnet?.SubnetId ?? '';
  const { InternetGateway } = await ec2.createInternetGateway({});
  const GatewayId = InternetGateway?.InternetGatewayId;
  await ec2.attachInternetGateway({ InternetGatewayId: GatewayId, VpcId });
  const { RouteTable } = await ec2.createRouteTable({ VpcId });
  const RouteTableId = RouteTable?.RouteTableId;
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId });
  await ec2.associateRouteTable({ RouteTableId, SubnetId });
  const { GroupId = '' } = await ec2.createSecurityGroup({ VpcId, GroupName: 'nodes', Description: 'nodes' });
  const IpPermissions = [ssh('127.0.0.1/32')];
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions });
  return { VpcId, SubnetId, GroupId };
}

async function launch({ ec2, net, host, login }: World, more: object = {}): Promise<string> {
  const userData = {
    users: [{ name: 'root', ssh_authorized_keys: [login.publicKey] }],
    disable_root: false,
    ssh_deletekeys: false,
    ssh_genkeytypes: [],
    ssh_keys: { ed25519_private: host.privateKey.reveal(), ed25519_public: host.publicKey },
    manage_etc_hosts: 'localhost',
    ...more,
  };
  const { Instances } = await ec2.runInstances({
    ...{
      ImageId: imageParameters('eu-central-1').get('/aws/service/debian/release/12/latest/amd64'),
      MinCount: 1,
      MaxCount: 1,
    },
    InstanceType: 't3.large',
    UserData: Buffer.from(`#cloud-config\n${stringify(userData)}`).toString('base64'),
    NetworkInterfaces: [
      { DeviceIndex: 0, SubnetId: net.SubnetId, Groups: [net.GroupId], AssociatePublicIpAddress: true },
    ],
  });
  return Instances?.[0]?.InstanceId ?? '';
}

async function running({ ec2 }: World, id: string) {
  await waitUntilInstanceRunning({ client: ec2, ...wait }, { InstanceIds: [id] });
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [id] });
  const seen = Reservations?.[0]?.Instances?.[0];
  return { publicIp: seen?.PublicIpAddress ?? '', privateIp: seen?.PrivateIpAddress ?? '' };
}

/** By the one Shell of muster, with the host key that was planted: another would be refused. */
async function ask({ host, login }: World, address: string, script: string): Promise<string> {
  const { signal } = new AbortController();
  const target = { address, port: 22, user: 'root', identity: login.privateKey, hostKey: host.publicKey };
  const shells = createShells({ connect: async () => target, clock: systemClock, signal, masker: new Masker() });
  try {
    const shell = await shells.shell('instance');
    for (let left = 300; ; left--) {
      const said = await shell.run({ script }).catch(error => (left > 0 ? undefined : Promise.reject(error)));
      if (said !== undefined) return said.trim();
      await systemClock.sleep(500, signal);
    }
  } finally {
    await shells.close();
  }
}

test('answers ssh with the host key that its user data gave, under its own name and address', async world => {
  world.id = await launch(world);
  const { publicIp, privateIp } = await running(world, world.id);
  assert.match(publicIp, /^127\./);
  const seen = await ask(world, publicIp, 'hostname; ip -4 -o address show eth0; touch /root/kept');
  assert.match(seen, new RegExp(`^ip-${privateIp.replaceAll('.', '-')}\\n`));
  assert.match(seen, new RegExp(`inet ${privateIp}/16 `));
});

test('sees its neighbour by the private address, and this computer as 10.0.2.2', async world => {
  const other = await running(world, await launch(world));
  await ask(world, other.publicIp, 'true');
  const { publicIp } = await running(world, world.id);
  const port = Number(new URL(world.aws.url).port);
  const seen = await ask(
    world,
    publicIp,
    `bash -c 'exec 3<>/dev/tcp/${other.privateIp}/22; head -c 7 <&3; exec 4<>/dev/tcp/10.0.2.2/${port}; echo and out'`,
  );
  assert.is(seen, 'SSH-2.0and out');
});

test('is reached on the ports only that its security group opens to the caller', async world => {
  const { publicIp } = await running(world, world.id);
  assert.is(await answers(publicIp, 22), true);
  assert.is(await answers(publicIp, 6443), false);
  const all = { GroupId: world.net.GroupId, IpPermissions: [ssh('127.0.0.1/32')] };
  await world.ec2.revokeSecurityGroupIngress(all);
  assert.is(await answers(publicIp, 22), false);
  await world.ec2.authorizeSecurityGroupIngress(all);
  assert.match(world.runner.gate.refused.at(-1) ?? '', /:22 from 127\.0\.0\.1: no rule of its security groups/);
});

test('keeps its disk when it is stopped and started, and gets another address', async world => {
  const InstanceIds = [world.id];
  const before = await running(world, world.id);
  await world.ec2.stopInstances({ InstanceIds });
  await waitUntilInstanceStopped({ client: world.ec2, ...wait }, { InstanceIds });
  assert.is(await answers(before.publicIp, 22), false);
  await world.ec2.startInstances({ InstanceIds });
  const after = await running(world, world.id);
  assert.is.not(after.publicIp, before.publicIp);
  assert.is(after.privateIp, before.privateIp);
  assert.is(await ask(world, after.publicIp, 'ls /root/kept'), '/root/kept');
});

test('has an Elastic IP for its address when one is given to it', async world => {
  const { AllocationId, PublicIp = '' } = await world.ec2.allocateAddress({ Domain: 'vpc' });
  await world.ec2.associateAddress({ AllocationId, InstanceId: world.id });
  assert.is((await running(world, world.id)).publicIp, PublicIp);
  assert.is(await ask(world, PublicIp, 'ls /root/kept'), '/root/kept');
});

test('with user data that nobody applies does not start, and the test hears of it', async world => {
  const id = await launch(world, { runcmd: ['true'] });
  await codeOf(running(world, id));
  assert.equal(world.aws.unknown(), [
    `${id} did not start: user data has runcmd, which the instances here do not apply`,
  ]);
});

test('is gone when it is terminated: container, disk and address', async world => {
  const { publicIp } = await running(world, world.id);
  const InstanceIds = [world.id];
  await world.ec2.terminateInstances({ InstanceIds });
  await waitUntilInstanceTerminated({ client: world.ec2, ...wait }, { InstanceIds });
  assert.is(await answers(publicIp, 22), false);
  assert.match(await world.runner.inside(world.id, 'true').catch(error => error.stderr), /no such container/);
});

test.run();
