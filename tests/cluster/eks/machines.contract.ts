import { EC2 } from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { destroySite } from '../../../lib/site/teardown.ts';
import { broughtNetwork, leastRights, wanted } from '../../host/ec2/world.ts';
import { clientOf } from '../../servers/aws/clients.ts';
import {
  ACCOUNT,
  apply,
  eksWant,
  endWorld,
  left,
  newWorld,
  plan,
  record,
  refused,
  siteOf,
  using,
  type World,
  writes,
} from './world.ts';

interface Context extends World {
  /** Somebody with a console. */
  hand: EC2;
}

const test = suite<Context>('the machines of node groups');
test.before.each(async context => {
  Object.assign(context, await newWorld({ pageSize: 1000 }));
  context.hand = clientOf(EC2, context.aws, { keys: context.aws.world.user('console') });
});
test.after.each(async context => {
  context.hand.destroy();
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const Filters = [{ Name: 'tag:muster:role', Values: ['eks/nodes/blue'] }];

/** Of the template, the machines, their disks and their interfaces: what a person finds in the console. */
async function seen({ hand }: Context) {
  const [templates, { Reservations = [] }, { Volumes = [] }, { NetworkInterfaces = [] }] = await Promise.all([
    hand.describeLaunchTemplates({ Filters }),
    hand.describeInstances({ Filters }),
    hand.describeVolumes({ Filters }),
    hand.describeNetworkInterfaces({ Filters }),
  ]);
  const machines = Reservations.flatMap(({ Instances = [] }) => Instances);
  const { LaunchTemplates = [] } = templates;
  const tags = [
    ...[...LaunchTemplates, ...machines, ...Volumes].map(({ Tags }) => Tags),
    ...NetworkInterfaces.map(({ TagSet }) => TagSet),
  ].map(list => Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key, Value])));
  return { templates: LaunchTemplates, machines, volumes: Volumes, interfaces: NetworkInterfaces, tags };
}

test('machines, disks and interfaces bear the tags of the site, disks are encrypted, and metadata go one hop with a token', async context => {
  await apply(context, { ...siteOf(), provider: wanted({ expires: 3_600_000 }) });
  const { templates, machines, volumes, interfaces, tags } = await seen(context);
  assert.equal(
    [templates, machines, volumes, interfaces].map(list => list.length),
    [1, 2, 2, 2],
  );
  for (const each of tags) {
    assert.is(each['muster:site'], 'cloudy');
    assert.is(each.Name, 'cloudy eks/nodes/blue');
    assert.match(each['muster:expires'] ?? '', /^2\d{3}-/);
    assert.ok(each['muster:owner'] && each['muster:run']);
  }
  for (const { MetadataOptions, InstanceType } of machines)
    assert.equal(
      [InstanceType, MetadataOptions?.HttpTokens, MetadataOptions?.HttpPutResponseHopLimit],
      ['m7i.large', 'required', 1],
    );
  for (const { Encrypted, VolumeType, Size, Attachments } of volumes)
    assert.equal([Encrypted, VolumeType, Size, Attachments?.[0]?.DeleteOnTermination], [true, 'gp3', 20, true]);
});

test('a later version of the template does no harm; a group that was moved to one is told, and not changed', async context => {
  await apply(context);
  const [template] = (await seen(context)).templates;
  const LaunchTemplateId = template?.LaunchTemplateId;
  const LaunchTemplateData = {
    InstanceType: 'm7i.large' as const,
    MetadataOptions: { HttpTokens: 'optional' as const },
  };
  await context.hand.createLaunchTemplateVersion({ LaunchTemplateId, LaunchTemplateData });
  assert.equal((await apply(context)).changed, []);
  const [group] = record(context).nodegroups.all();
  assert.ok(group?.launchTemplate);
  group.launchTemplate.version = '2';
  const before = context.aws.calls.length;
  assert.match(
    await refused(apply(context)),
    /^STEP_UNKNOWN: .*moved to version 2 of cloudy\/blue \(m7i\.large, 0 GiB, not encrypted, metadata: token optional/,
  );
  group.launchTemplate.version = '1';
  await context.hand.deleteLaunchTemplate({ LaunchTemplateId });
  assert.match(await refused(apply(context)), /^STEP_UNKNOWN: .*uses a launch template that is gone, cloudy\/blue/);
  assert.equal(
    writes(context, before).filter(operation => operation !== 'DeleteLaunchTemplate'),
    [],
  );
});

test('a group of before there were templates stays as it is, and is told with the way out', async context => {
  await apply(context);
  const [group] = record(context).nodegroups.all();
  assert.ok(group);
  delete group.launchTemplate;
  Object.assign(group, { instanceTypes: ['m7i.large'], diskSize: 20 });
  const decided = (await plan(context)).items.find(({ step }) => step.id === 'eks.nodes.blue')?.decision;
  assert.match(JSON.stringify(decided), /"is":"unknown".*made without a launch template.*give it a new name/);
});

test('a template that was left for other machines is made anew; one of another hand is not taken', async context => {
  const Tags = [{ Key: 'muster:site', Value: 'cloudy' }];
  const own = { TagSpecifications: [{ ResourceType: 'launch-template' as const, Tags }] };
  const theirs = { LaunchTemplateName: 'cloudy/blue', LaunchTemplateData: { InstanceType: 'm7i.xlarge' as const } };
  await context.hand.createLaunchTemplate({ ...theirs, ...own });
  await apply(context);
  assert.equal(
    (await seen(context)).machines.map(({ InstanceType }) => InstanceType),
    ['m7i.large', 'm7i.large'],
  );
  await context.hand.createLaunchTemplate({ ...theirs, LaunchTemplateName: 'cloudy/green' });
  const green = siteOf({ nodes: eksWant().nodes.map(each => ({ ...each, name: 'green' })) });
  assert.match(
    await refused(apply(context, green)),
    /^STEP_UNKNOWN: .*launch template green is there, and muster did not/,
  );
});

test('a run that ended between the template and its group is gone on with: there is one, and no more', async context => {
  context.aws.world.faults.refuse('CreateNodegroup', { code: 'InvalidRequestException' }, 1);
  assert.match(await refused(apply(context)), /^AWS_REFUSED: cannot make the node group blue/);
  assert.equal((await seen(context)).templates.length, 1);
  await apply(context);
  assert.equal((await apply(context)).changed, []);
  const made = context.aws.calls.filter(({ operation }) => operation === 'CreateLaunchTemplate');
  assert.is(made.length, 1);
});

test('a removal waits for machines that end after their group, where no network of ours would: nothing is called left', async context => {
  const { vpc, subnets } = await broughtNetwork(context.hand);
  const network = { cidr: '10.20.0.0/16', nat: false, vpc, subnets };
  const site = { ...siteOf(), provider: wanted({ network }) };
  context.aws.keys.allowed = leastRights('eks', network);
  await apply(context, site);
  const { world } = context.aws;
  world.faults.outliveMs = 1500;
  const machines = (await seen(context)).machines.length;
  await using(context, site, opened => destroySite(opened));
  assert.is(machines, 2);
  const { instances, volumes, launchTemplates } = world.ec2(ACCOUNT, 'eu-central-1');
  assert.ok(instances.all().every(({ state }) => state === 'terminated'));
  assert.equal([...volumes.all(), ...launchTemplates.all()], []);
  assert.equal(
    left(context).filter(what => !/^network|^interface/.test(what)),
    [],
  );
  // Nobody but EKS ended them.
  assert.not.ok(writes(context).includes('TerminateInstances'));
});

test.run();
