import { EC2 } from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clientOf } from '../servers/aws/clients.ts';
import { type PodmanRunner, startRunner } from '../servers/aws/instances/podman-runner.ts';
import { type AwsServer, startAws } from '../servers/aws/server.ts';
import { callApp } from './app.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { ec2Inventory } from './ec2-site.ts';

const SITE = 'cloudy';
interface Context {
  runner: PodmanRunner;
  aws: AwsServer;
  checkout: Checkout;
  /** Somebody with a console. */
  hand: EC2;
  app: string;
  ca: string;
}

const test = suite<Context>('a site on EC2, from nothing and back');

test.before(async context => {
  context.runner = await startRunner();
  context.aws = await startAws({ runner: context.runner, pageSize: 1000 });
  context.hand = clientOf(EC2, context.aws);
  // Nothing else of muster knows that this is not AWS.
  Object.assign(process.env, context.aws.env());
  context.checkout = await newCheckout(SITE, ec2Inventory(SITE, context.aws.world.account));
});

test.after(async ({ checkout, hand, aws }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.remove();
  hand.destroy();
  await aws.close();
});

const asked = ({ aws }: Context, from: number) => aws.calls.slice(from).map(({ operation }) => operation);

test('a plan of what is not there says all of it, and makes nothing', async ({ checkout, aws }) => {
  const { code, stdout } = await checkout.muster('plan');
  assert.is(code, 0);
  assert.match(stdout, /create +Make the network 10\.20\.0\.0\/16 in eu-central-1 +VPC/);
  assert.equal(
    aws.calls.filter(({ operation }) => !/^(Describe|Get)/.test(operation)),
    [],
  );
});

test('one command makes network, machine, k3s and the app, which answers at its public address', async context => {
  const { code, stdout, stderr } = await context.checkout.muster('bootstrap', '--json');
  assert.is(code, 0, stderr.slice(-3000));
  Object.assign(context, JSON.parse(stdout));
  assert.match(context.app, /^https:\/\/127\.\d+\.\d+\.\d+:30443$/);
  const { body } = await callApp(context.app, context.ca, 'GET', '/api/health');
  assert.is((body.database as { users: number }).users, 200);
  console.error(`API calls of the bootstrap: ${context.aws.calls.length}`);
});

test('a second one changes nothing, and asks AWS once for each kind of thing', async context => {
  const from = context.aws.calls.length;
  const { code, stdout, stderr } = await context.checkout.muster('bootstrap', '--json');
  assert.is(code, 0, stderr.slice(-3000));
  assert.equal(JSON.parse(stdout).changed, []);
  const operations = asked(context, from);
  assert.equal(operations.length, new Set(operations).size, operations.join(' '));
  console.error(`API calls of the second one: ${operations.length}`);
  assert.is((await context.checkout.muster('status')).code, 0);
});

test('SSH that somebody opens to the world is seen as drift, and closed', async ({ checkout, hand }) => {
  const group = async () => (await hand.describeSecurityGroups({ GroupNames: undefined })).SecurityGroups ?? [];
  const ours = (await group()).find(({ GroupName }) => GroupName === `muster-${SITE}`);
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  await hand.authorizeSecurityGroupIngress({ GroupId: ours?.GroupId ?? '', IpPermissions });
  const status = await checkout.muster('status');
  assert.is(status.code, 1);
  assert.match(status.stdout, /drift/);
  const { stdout } = await checkout.muster('bootstrap', '--json');
  assert.equal(JSON.parse(stdout).changed, [`ec2.firewall site/${SITE}`]);
});

test('whoami says that the credentials are those of the inventory', async ({ checkout }) => {
  const { code, stdout } = await checkout.muster('whoami');
  assert.is(code, 0);
  assert.match(stdout, /user\/operator[\s\S]*as the inventory says/);
});

test('destroy names a disk that Kubernetes left, and fails; without it nothing is left', async ({
  checkout,
  hand,
  app,
}) => {
  const { VolumeId } = await hand.createVolume({
    AvailabilityZone: 'eu-central-1a',
    Size: 1,
    TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: `kubernetes.io/cluster/${SITE}`, Value: 'owned' }] }],
  });
  const leak = await checkout.muster('destroy', `--confirm=${SITE}`);
  assert.is(leak.code, 1, leak.stderr.slice(-2000));
  assert.match(leak.stderr, new RegExp(`volume ${VolumeId}: made by Kubernetes`));
  await hand.deleteVolume({ VolumeId });
  const gone = await checkout.muster('destroy', `--confirm=${SITE}`);
  assert.is(gone.code, 0, gone.stderr.slice(-2000));
  const { Vpcs = [] } = await hand.describeVpcs({});
  assert.equal(
    Vpcs.filter(({ IsDefault }) => !IsDefault),
    [],
  );
  assert.is(await callApp(app, undefined, 'GET', '/').catch(error => error.code), 'ECONNREFUSED');
});

test('the stand-in was asked for nothing that it does not know', ({ aws }) => {
  assert.equal(aws.unknown(), []);
});

test.run();
