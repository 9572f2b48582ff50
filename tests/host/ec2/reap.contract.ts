import type { EC2, ResourceType } from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reapSite, sitesInAws } from '../../../lib/site/reap.ts';
import { clientOf } from '../../servers/aws/clients.ts';
import { makeInterface } from '../../servers/aws/ec2/network-interfaces.ts';
import { ACCOUNT, apply, endWorld, list, newWorld, siteOf, using, type World } from './world.ts';

interface Context extends World {
  /** Somebody with a console. */
  hand: EC2;
}

const test = suite<Context>('sites on EC2 that are found by their tags');
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

test('a site whose time is over is found by its tags and removed without its inventory; one that has time is not', async context => {
  const short = siteOf({ expires: 1 }, 'short');
  await apply(context, short);
  await apply(context, siteOf({ expires: 3_600_000 }, 'long'));
  await using(context, siteOf(), async opened => {
    const sites = await sitesInAws(opened);
    assert.equal(
      sites.map(({ name, expired, hosts }) => [name, expired, hosts]),
      [
        ['long', false, ['server-1']],
        ['short', true, ['server-1']],
      ],
    );
    const refused = await reapSite(opened, 'long').catch(error => error);
    assert.match(refused.message, /^cannot reap long: it expires 2/);
    await reapSite(opened, 'short');
    assert.equal(
      (await sitesInAws(opened)).map(({ name }) => name),
      ['long'],
    );
  });
  assert.equal(await list(context, short), []);
});

/** The tags of a thing of a site that is over. */
const tags = (site: string, role: string) => [
  { Key: 'muster:site', Value: site },
  { Key: 'muster:role', Value: role },
  { Key: 'muster:expires', Value: '2026-01-01T00:00:00.000Z' },
];
const tagged = (ResourceType: ResourceType, Tags: { Key: string; Value: string }[]) => ({
  TagSpecifications: [{ ResourceType, Tags }],
});

/** Four sites of which one thing is left each. */
async function leave({ aws, hand }: Context): Promise<void> {
  const group = {
    GroupName: 'muster-group',
    Description: 'left',
    ...tagged('security-group', tags('group', 'firewall')),
  };
  await hand.createSecurityGroup(group);
  const volume = (Tags: { Key: string; Value: string }[]) =>
    hand.createVolume({ AvailabilityZone: 'eu-central-1a', Size: 1, ...tagged('volume', Tags) });
  const { VolumeId } = await volume(tags('volume', 'host/server-1'));
  await hand.createSnapshot({ VolumeId, ...tagged('snapshot', tags('snapshot', 'host/server-1')) });
  const state = aws.world.ec2(ACCOUNT, 'eu-central-1');
  const [subnet = {}] = state.subnets.all();
  const { NetworkInterfaceId = '' } = makeInterface({ subnet, groups: [] }, state);
  await hand.createTags({ Resources: [NetworkInterfaceId], Tags: tags('interface', 'host/server-1') });
  // Of no site of muster; and of one on EKS, whose driver of volumes knows no end.
  await volume([{ Key: 'kubernetes.io/cluster/theirs', Value: 'owned' }]);
  await volume([{ Key: 'muster:site', Value: 'group' }]);
}

test('one of which only a group, a disk, a snapshot or an interface is left is found, and goes or is named', async context => {
  await leave(context);
  await using(context, siteOf(), async opened => {
    assert.equal(
      (await sitesInAws(opened)).map(({ name, expired, things }) => [name, expired, things]),
      [
        ['group', true, 2],
        ['interface', true, 1],
        ['snapshot', true, 1],
        ['volume', true, 1],
      ],
    );
    await reapSite(opened, 'volume');
    assert.match(String(await reapSite(opened, 'snapshot').catch(error => error.details)), /^snapshot snap-/);
    assert.match(String(await reapSite(opened, 'interface').catch(error => error.details)), /^network interface eni-/);
    assert.match(String(await reapSite(opened, 'group').catch(error => error.details)), /^volume vol-/);
  });
  const { SecurityGroups } = await context.hand.describeSecurityGroups({
    Filters: [{ Name: 'tag:muster:site', Values: ['*'] }],
  });
  assert.equal(SecurityGroups, []);
});

test.run();
