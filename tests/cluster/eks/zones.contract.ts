import { EC2 } from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../../lib/errors/index.ts';
import { leastRights, wanted } from '../../host/ec2/world.ts';
import { clientOf } from '../../servers/aws/clients.ts';
import { ACCOUNT, apply, applyNetwork, endWorld, newWorld, refused, siteOf, type World, writes } from './world.ts';

const REGION = 'us-east-1';

const test = suite<World>('the zones of a site on EKS');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const siteIn = (...letters: string[]) => {
  const zones = letters.map(letter => `${REGION}${letter}`);
  const network = { cidr: '10.20.0.0/16', nat: false, ...(letters.length > 0 && { zones }) };
  return { ...siteOf(), provider: wanted({ region: REGION, network }) };
};

const zonesOf = ({ aws }: World) => [
  ...new Set(
    aws.world
      .ec2(ACCOUNT, REGION)
      .subnets.all()
      .flatMap(({ DefaultForAz, AvailabilityZone }) => (DefaultForAz ? [] : AvailabilityZone)),
  ),
];

test('subnets come where the inventory says, and stay there', async world => {
  await applyNetwork(world, siteIn('f', 'c'));
  assert.equal(zonesOf(world), ['us-east-1f', 'us-east-1c']);
  const before = writes(world).length;
  assert.equal((await applyNetwork(world, siteIn('c', 'f'))).changed, []);
  assert.match(
    await refused(applyNetwork(world, siteIn('a', 'f'))),
    /^STEP_UNKNOWN: .*subnet\/\w+-b is in us-east-1c, expected us-east-1a or us-east-1f: .*never moved/,
  );
  assert.is(writes(world).length, before);
});

test('a zone that EKS does not take, or that is not there, is refused before anything is made in it', async world => {
  assert.match(
    await refused(applyNetwork(world, siteIn('a', 'e'))),
    /^STEP_UNKNOWN: .*EKS takes no subnet in us-east-1e: .*two of us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1f$/,
  );
  assert.match(await refused(applyNetwork(world, siteIn('a', 'z'))), /^STEP_UNKNOWN: .*has no zone us-east-1z to use/);
  assert.equal(zonesOf(world), []);
});

test('what EKS takes no more is said with the zones that it does, and where to write them', async world => {
  // A list that grew, of which muster does not know yet.
  const validZones = ['us-east-1b', 'us-east-1c'];
  const refusal = { code: 'UnsupportedAvailabilityZoneException', message: 'not in us-east-1a', more: { validZones } };
  world.aws.world.faults.refuse('CreateCluster', refusal, 1);
  const error = await apply(world, siteIn()).catch(thrown => thrown);
  assert.ok(isOpsError(error, 'AWS_REFUSED'), String(error));
  assert.match(error.message, /^cannot make the cluster cloudy: .*UnsupportedAvailabilityZoneException/);
  assert.match(
    error.hint ?? '',
    /^make provider\.network\.zones two of us-east-1b, us-east-1c; .*destroy --site cloudy/,
  );
});

test('of a network that was brought it is the subnets that are named', async world => {
  const hand = clientOf(EC2, world.aws, { keys: world.aws.world.user('console'), region: REGION });
  const { Vpc } = await hand.createVpc({ CidrBlock: '10.99.0.0/16' });
  const vpc = Vpc?.VpcId ?? '';
  const subnets: string[] = [];
  for (const [n, letter] of ['a', 'e'].entries()) {
    const of = { VpcId: vpc, CidrBlock: `10.99.${n}.0/24`, AvailabilityZone: `${REGION}${letter}` };
    subnets.push((await hand.createSubnet(of)).Subnet?.SubnetId ?? '');
  }
  hand.destroy();
  const network = { cidr: '10.20.0.0/16', nat: false, vpc, subnets };
  world.aws.keys.allowed = leastRights('eks', network);
  const error = await apply(world, { ...siteOf(), provider: wanted({ region: REGION, network }) }).catch(it => it);
  assert.ok(isOpsError(error, 'AWS_REFUSED'), String(error));
  assert.match(error.hint ?? '', /^make provider\.network\.subnets some in two of us-east-1a, us-east-1b, us-east-1c/);
});

test.run();
