import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wanted } from '../../host/ec2/world.ts';
import { rolesOf } from '../../servers/aws/iam/state.ts';
import {
  ACCOUNT,
  apply,
  eksWant,
  endWorld,
  newWorld,
  plan,
  record,
  refused,
  siteOf,
  type World,
  writes,
} from './world.ts';

const test = suite<World>('changes of a site on EKS');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

test('volumes of the cluster bear when it ends, and a later run finds nothing to do', async world => {
  const ending = { ...siteOf(), provider: wanted({ expires: 3_600_000 }) };
  await apply(world, ending);
  const { cluster, addons } = record(world);
  const { extraVolumeTags: tags } = JSON.parse(addons.get('aws-ebs-csi-driver')?.configurationValues ?? '').controller;
  assert.equal(tags, { 'muster:site': 'cloudy', 'muster:expires': cluster.tags?.['muster:expires'] });
  assert.match(tags['muster:expires'], /^2\d{3}-/);
  const before = world.aws.calls.length;
  await apply(world, ending);
  assert.equal(writes(world, before), []);
});

test('what was changed by hand is seen, and put right without touching the rest', async world => {
  await apply(world);
  const { cluster, nodegroups, addons, associations, entries } = record(world);
  const before = world.aws.calls.length;
  cluster.resourcesVpcConfig = { ...cluster.resourcesVpcConfig, publicAccessCidrs: ['0.0.0.0/0'] };
  cluster.upgradePolicy = { supportType: 'EXTENDED' };
  const [group] = nodegroups.all();
  if (group) group.scalingConfig = { minSize: 1, maxSize: 3, desiredSize: 1 };
  rolesOf(world.aws.world, ACCOUNT).get('cloudy-eu-central-1-node')?.policies.clear();
  const cni = addons.get('vpc-cni');
  if (cni) cni.podIdentityAssociations = [];
  for (const { associationId = '' } of associations.all()) associations.remove(associationId);
  entries.add(`arn:aws:iam::${ACCOUNT}:user/gone`, {
    entry: { principalArn: `arn:aws:iam::${ACCOUNT}:user/gone`, type: 'STANDARD', tags: { 'muster:site': 'cloudy' } },
    policies: [],
  });
  const seen = await plan(world);
  const open = seen.items.filter(({ decision }) => decision.is !== 'done').map(({ step }) => step.id);
  assert.equal(open, [
    'eks.roles',
    'eks.cluster',
    'eks.access',
    'eks.addon.vpc-cni',
    'eks.addon.aws-ebs-csi-driver',
    'eks.nodes.blue',
    'cluster.ready',
  ]);
  await apply(world);
  assert.equal(writes(world, before).sort(), [
    'AttachRolePolicy',
    'AttachRolePolicy',
    'DeleteAccessEntry',
    'UpdateAddon',
    'UpdateAddon',
    'UpdateClusterConfig',
    'UpdateClusterConfig',
    'UpdateNodegroupConfig',
  ]);
  assert.equal((await apply(world)).changed, []);
});

test('an upgrade goes one minor: control plane, add-ons that no longer fit, nodes; two at once are refused', async world => {
  await apply(world, siteOf({ version: '1.34' }));
  const before = world.aws.calls.length;
  assert.match(await refused(apply(world, siteOf({ version: '1.36' }))), /^EKS_VERSION: .*1\.34 to 1\.36 at once/);
  assert.equal(writes(world, before), []);
  await apply(world, siteOf({ version: '1.35' }));
  assert.equal(writes(world, before), ['UpdateClusterVersion', 'UpdateAddon', 'UpdateNodegroupVersion']);
  await apply(world, siteOf({ version: '1.36' }));
  assert.is(record(world).cluster.version, '1.36');
  assert.equal(
    record(world)
      .nodegroups.all()
      .map(({ version }) => version),
    ['1.36'],
  );
  assert.equal((await apply(world, siteOf({ version: '1.36' }))).changed, []);
  assert.match(await refused(apply(world, siteOf({ version: '1.35' }))), /^EKS_VERSION: .*back/);
});

test('a node group that left the inventory goes when the new one works', async world => {
  await apply(world);
  const [blue] = eksWant().nodes;
  assert.ok(blue);
  const other = siteOf({ nodes: [{ ...blue, instance: 'm7i.xlarge' }] });
  assert.match(await refused(apply(world, other)), /^STEP_UNKNOWN: .*give it a new name/);
  const green = siteOf({ nodes: [{ ...blue, name: 'green', instance: 'm7i.xlarge' }] });
  const before = world.aws.calls.length;
  await apply(world, green);
  assert.equal(writes(world, before), [
    'CreateLaunchTemplate',
    'CreateNodegroup',
    'DeleteNodegroup',
    'DeleteLaunchTemplate',
  ]);
  assert.equal(
    record(world)
      .nodegroups.all()
      .map(({ nodegroupName }) => nodegroupName),
    ['green'],
  );
});

test.run();
