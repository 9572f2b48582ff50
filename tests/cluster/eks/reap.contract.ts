import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Site } from '../../../lib/inventory/index.ts';
import { reapSite, sitesInAws } from '../../../lib/site/reap.ts';
import { siteOf as ec2SiteOf, wanted } from '../../host/ec2/world.ts';
import {
  ACCOUNT,
  apply,
  destroy,
  eksWant,
  endWorld,
  left,
  newWorld,
  record,
  siteOf,
  using,
  type World,
} from './world.ts';

interface Context extends World {
  /** Another computer, which never saw the site: its own has machines with k3s. */
  elsewhere: Pick<World, 'project' | 'events'>;
}

const groups = [
  ...eksWant().nodes,
  { name: 'green', instance: 'm7i.large', min: 1, max: 1, desired: 1, disk: 20 * 2 ** 30 },
];
const expired: Site = { ...siteOf({ nodes: groups }), provider: wanted({ expires: 1 }) };
const other = ec2SiteOf({}, 'other');

const test = suite<Context>('a site on EKS whose time is over');
test.before.each(async context => {
  Object.assign(context, await newWorld({ pageSize: 1000 }));
  context.elsewhere = { project: await mkdtemp(join(tmpdir(), 'muster-reaper-')), events: [] };
});
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await rm(context.elsewhere.project, { recursive: true });
  await endWorld(context);
});

const names = (context: Context) =>
  using(context.elsewhere, other, async opened => (await sitesInAws(opened)).map(({ name }) => name));
const reap = (context: Context, name = 'cloudy') =>
  using(context.elsewhere, other, opened => reapSite(opened, name).catch(error => error));

const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'shop' } };

test('it is found and removed by its tags, with its volumes, from a computer that never saw it', async context => {
  await apply(context, expired);
  context.kubernetes.made.push(claim);
  assert.equal(await names(context), ['cloudy']);
  const ran = await reap(context);
  assert.ok(ran.changed?.length > 0, String(ran));
  assert.equal(left(context), []);
  const order = context.elsewhere.events.flatMap(event => (event.type === 'begin' ? event.step.id : []));
  assert.ok(order.indexOf('eks.outside') < order.indexOf('eks.nodes-left'), order.join(' '));
  assert.not.ok(context.kubernetes.made.includes(claim));
  assert.equal(await names(context), []);
  assert.match(String(await reap(context)), /cannot reap cloudy: nothing in this account and region has its tag/);
});

test('one of which only a launch template is left is found, and removed by who has no EKS', async context => {
  await apply(context, expired);
  const { launchTemplates, tags } = context.aws.world.ec2(ACCOUNT, 'eu-central-1');
  const [left] = launchTemplates.all();
  assert.ok(left);
  const its = tags.get(left.id);
  await destroy(context, expired);
  launchTemplates.add(left.id, left);
  if (its) tags.set(left.id, its);
  assert.equal(await names(context), ['cloudy']);
  await reap(context);
  assert.equal(launchTemplates.all(), []);
  assert.equal(await names(context), []);
});

test('one that has time is not, nor one that is not of muster', async context => {
  await apply(context, { ...expired, provider: wanted({ expires: 3_600_000 }) });
  assert.match(String(await reap(context)), /cannot reap cloudy: it expires 2/);
  record(context).cluster.tags = { 'muster:site': 'another' };
  const found = await using(context.elsewhere, other, sitesInAws);
  assert.equal(
    found.map(({ name, hosts }) => [name, hosts]),
    [['cloudy', []]],
  );
});

test('who may not enter the cluster removes it all the same, and a reap that was cut is gone on with', async context => {
  await apply(context, expired);
  context.kubernetes.made.push(claim);
  record(context).entries.remove(`arn:aws:iam::${ACCOUNT}:user/operator`);
  context.aws.world.faults.refuse('DeleteCluster', { code: 'AccessDeniedException', status: 403 }, 1);
  assert.match(String(await reap(context)), /AccessDenied/);
  assert.equal(await names(context), ['cloudy']);
  const ran = await reap(context);
  assert.ok(ran.changed?.length > 0, String(ran));
  assert.equal(left(context), []);
  // Nobody asked Kubernetes: of what it made in the account the leak check would tell.
  assert.ok(context.kubernetes.made.includes(claim));
});

test.run();
