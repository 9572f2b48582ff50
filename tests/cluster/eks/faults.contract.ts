import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apply, destroy, endWorld, left, newWorld, plan, type World, writes } from './world.ts';

const test = suite<World>('a site on EKS, while AWS fails');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const MAKES = [
  'CreateRole',
  'AttachRolePolicy',
  'CreateCluster',
  'CreateAccessEntry',
  'AssociateAccessPolicy',
  'CreateAddon',
  'CreateLaunchTemplate',
  'CreateNodegroup',
];
const REMOVES = ['DeleteNodegroup', 'DeleteLaunchTemplate', 'DeleteCluster', 'DetachRolePolicy', 'DeleteRole'];

const clusterWrites = (world: World) =>
  writes(world).filter(operation => /Cluster|Nodegroup|Template|Addon|Role|Access/.test(operation));

test('every answer to a write gets lost once, and nothing is made twice or left', async world => {
  const { faults } = world.aws.world;
  for (const operation of MAKES) for (const nth of [1, 3, 5, 7, 9, 11]) faults.lose(operation, nth);
  await apply(world);
  const lost = world.aws.calls.filter(({ answer }) => answer === 'lost').map(({ operation }) => operation);
  assert.equal(
    MAKES.filter(operation => !lost.includes(operation)),
    [],
  );
  faults.clear();
  const before = clusterWrites(world).length;
  assert.equal((await apply(world)).changed, []);
  assert.is(clusterWrites(world).length, before);
  for (const operation of REMOVES) for (const nth of [1, 3, 5, 7]) faults.lose(operation, nth);
  await destroy(world);
  assert.equal(left(world), []);
});

test('while every second call is throttled, and lists lag behind, it is made all the same', async world => {
  const { faults } = world.aws.world;
  faults.throttle({ everyNth: 2 });
  faults.lagMs = 100;
  await apply(world);
  faults.clear();
  faults.lagMs = 0;
  assert.equal((await apply(world)).changed, []);
});

test('without credentials a plan says what would be made, and that nobody could be asked', async world => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...rest } = process.env;
  process.env = {
    ...rest,
    HOME: world.project,
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  try {
    const { items, unknown } = await plan(world);
    assert.ok(unknown > 0);
    const words = items.flatMap(({ decision }) =>
      decision.is === 'unknown' ? (decision.likely ?? []) : decision.is === 'changes' ? decision.changes : [],
    );
    for (const what of [
      'EKS cluster cloudy',
      'launch template blue',
      'node group blue',
      'add-on coredns',
      'role cloudy-eu-central-1-node',
    ])
      assert.ok(
        words.some(change => change.what === what),
        what,
      );
    assert.equal(
      items.filter(({ decision }) => decision.is === 'done' && /^eks\.(roles|cluster)/.test(decision.reason)),
      [],
    );
  } finally {
    process.env = { ...process.env, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  }
});

test.run();
