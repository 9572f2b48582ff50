import { EC2 } from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { leaks } from '../../../lib/site/teardown.ts';
import { clientOf } from '../../servers/aws/clients.ts';
import {
  apply,
  broughtNetwork,
  destroy,
  endWorld,
  leastRights,
  list,
  newWorld,
  siteOf,
  using,
  type World,
} from './world.ts';

interface Context extends World {
  /** Whose network it is. */
  owner: EC2;
}

const test = suite<Context>('a site in a network that was there before');
test.before.each(async context => {
  Object.assign(context, await newWorld());
  context.owner = clientOf(EC2, context.aws, { keys: context.aws.world.user('network-team') });
});
test.after.each(async context => {
  context.owner.destroy();
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

/** All of it that could be changed, as its owner sees it. */
async function seen({ owner }: Context, vpc: string) {
  const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
  const [vpcs, subnets, tables, gateways] = await Promise.all([
    owner.describeVpcs({ VpcIds: [vpc] }),
    owner.describeSubnets({ Filters }),
    owner.describeRouteTables({ Filters }),
    owner.describeInternetGateways({ Filters: [{ Name: 'attachment.vpc-id', Values: [vpc] }] }),
  ]);
  return [vpcs.Vpcs, subnets.Subnets, tables.RouteTables, gateways.InternetGateways];
}

test('its machines stand in the subnets that are named; nothing of the network is changed, or removed with the site', async context => {
  const { vpc, subnets } = await broughtNetwork(context.owner);
  const where = { cidr: '10.20.0.0/16', nat: false, vpc, subnets: [subnets[1] ?? ''] };
  const site = siteOf({ network: where });
  context.aws.keys.allowed = leastRights('k3s', where);
  const before = await seen(context, vpc);
  await apply(context, site);
  const { Reservations } = await context.owner.describeInstances({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] });
  assert.equal(
    Reservations?.flatMap(({ Instances }) =>
      Instances?.map(({ SubnetId, PublicIpAddress }) => [SubnetId, !!PublicIpAddress]),
    ),
    [[subnets[1], true]],
  );
  assert.equal((await apply(context, site)).changed, []);
  assert.equal((await list(context, site)).map(({ kind }) => kind).sort(), [
    'key pair',
    'machine',
    'network interface',
    'security group',
    'volume',
  ]);
  await destroy(context, site);
  await using(context, site, async opened => assert.equal(await leaks(opened), []));
  assert.equal(await seen(context, vpc), before);
});

test('a subnet that is not there ends clearly, and nothing is made', async context => {
  const { vpc } = await broughtNetwork(context.owner);
  const site = siteOf({ network: { cidr: '10.20.0.0/16', nat: false, vpc, subnets: ['subnet-0123456789abcdef0'] } });
  const error = await apply(context, site).catch(thrown => thrown);
  assert.match(`${error.code}: ${error.message} ${error.details ?? ''}`, /subnet-0123456789abcdef0/);
  const { Reservations } = await context.owner.describeInstances({});
  assert.equal(Reservations, []);
});

test.run();
