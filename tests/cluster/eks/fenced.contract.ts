import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { KubeObject } from '../../../lib/engine/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import { reapSite } from '../../../lib/site/reap.ts';
import { ROOT } from '../../architecture/tree.ts';
import { siteOf as ec2SiteOf, wanted } from '../../host/ec2/world.ts';
import { apply, destroy, endWorld, left, newWorld, record, siteOf, using, type World, writes } from './world.ts';

const NAME = 'https-of-a-store.example';
const store = { address: '203.0.113.9', port: 443, name: NAME };
const fence = { name: 'cloudy', store, network: '10.20.0.0/16' };

/** What is rehearsed has a backup, and with it images of upstream's. */
const site = { ...siteOf(), backup: { sources: ['velero'] } } as unknown as Site;

const test = suite<World>('a rehearsal on EKS');
test.before.each(async context => {
  Object.assign(context, await newWorld({ pageSize: 1000 }));
  context.rehearsal = { of: site, generation: 1, fence };
  // Of the lock: with which image the fence is raised.
  const lock = join(context.project, 'artifacts/lock.yaml');
  await mkdir(dirname(lock), { recursive: true });
  const text = await readFile(join(ROOT, 'artifacts/lock.yaml'), 'utf8');
  await writeFile(lock, text.replaceAll('digest: unresolved', `digest: sha256:${'0'.repeat(64)}`));
});
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const taints = ({ spec }: KubeObject) => (spec as { taints: object[] }).taints;

test('nodes come closed, and are opened behind their fence; EC2 is brought into the network, and goes with it', async world => {
  await apply(world, site);
  const [group] = record(world).nodegroups.all();
  assert.equal(group?.taints, [{ key: 'muster.lab/fence', value: 'down', effect: 'NO_SCHEDULE' }]);
  // None that comes later: nobody would raise its fence before somebody looks.
  assert.equal(group?.scalingConfig, { minSize: 2, maxSize: 2, desiredSize: 2 });
  const { made } = world.kubernetes;
  assert.equal(made.filter(({ kind }) => kind === 'Node').map(taints), [[], []]);
  assert.equal(
    made.flatMap(({ kind }) => (/^(DaemonSet|Validating)/.test(kind) ? kind : [])),
    ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'DaemonSet'],
  );
  assert.match(record(world).addons.get('coredns')?.configurationValues ?? '', NAME);
  const from = writes(world).length;
  assert.equal((await apply(world, site)).changed, []);
  assert.equal(writes(world, 0).length, from);
  await destroy(world, site);
  assert.equal(left(world), []);
});

test('what a rehearsal left that nobody ended goes by its tags, with its way to EC2', async world => {
  await apply(world, { ...site, provider: wanted({ expires: 1 }) });
  const { rehearsal: _, ...elsewhere } = world;
  await using({ ...elsewhere, project: join(world.project, 'elsewhere') }, ec2SiteOf({}, 'other'), opened =>
    reapSite(opened, 'cloudy'),
  );
  assert.equal(left(world), []);
});

test('an answer that gets lost makes no second way to EC2, and leaves none', async world => {
  const { faults } = world.aws.world;
  faults.lose('CreateVpcEndpoint', 1);
  faults.lose('DeleteVpcEndpoints', 1);
  await apply(world, site);
  const { vpcEndpoints } = world.aws.world.ec2(world.aws.world.account, 'eu-central-1');
  assert.is(vpcEndpoints.all().length, 1);
  await destroy(world, site);
  assert.equal(vpcEndpoints.all(), []);
  assert.equal(left(world), []);
});

test.run();
