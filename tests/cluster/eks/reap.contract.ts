import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Site } from '../../../lib/inventory/index.ts';
import { reapSite, sitesInAws } from '../../../lib/site/reap.ts';
import { siteOf as ec2SiteOf, wanted } from '../../host/ec2/world.ts';
import { rolesOf } from '../../servers/aws/iam/state.ts';
import { inTheirs } from './theirs.ts';
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

/** Removed but for a launch template, and `roles` of the four. */
async function leaveTemplate(context: Context, roles = 0): Promise<void> {
  await apply(context, expired);
  const { launchTemplates, tags } = context.aws.world.ec2(ACCOUNT, 'eu-central-1');
  const [template] = launchTemplates.all();
  assert.ok(template);
  const its = tags.get(template.id);
  const records = rolesOf(context.aws.world, ACCOUNT);
  const kept = records.all().slice(0, roles);
  await destroy(context, expired);
  launchTemplates.add(template.id, template);
  if (its) tags.set(template.id, its);
  for (const role of kept) records.add(role.name, role);
}

const templates = ({ aws }: Context) => aws.world.ec2(ACCOUNT, 'eu-central-1').launchTemplates.all();
const roleNames = ({ aws }: Context) => rolesOf(aws.world, ACCOUNT).all().length;

test('one of which only a launch template is left is found, and removed by who has no EKS', async context => {
  await leaveTemplate(context);
  assert.equal(await names(context), ['cloudy']);
  await reap(context);
  assert.equal(templates(context), []);
  assert.equal(await names(context), []);
});

test('it is removed too from where a cluster was brought, which is not asked', async context => {
  await leaveTemplate(context, 1);
  const brought = inTheirs({ vpc: 'vpc-0', subnets: [] }, {}, 'guest');
  const ran = await using(context.elsewhere, brought, opened => reapSite(opened, 'cloudy').catch(error => error));
  assert.ok(ran.changed?.length > 0, String(ran));
  assert.equal([templates(context), roleNames(context)], [[], 0]);
});

test('roles that outlived the control plane go along with the rest', async context => {
  await leaveTemplate(context, 4);
  await reap(context);
  assert.equal([templates(context), roleNames(context)], [[], 0]);
});

test('roles that could not be looked at are not called gone, and all else is removed', async context => {
  await leaveTemplate(context, 4);
  context.aws.world.faults.refuse('GetRole', { code: 'AccessDenied', status: 403 }, 100);
  const error = await reap(context);
  assert.is(error.code, 'LEAK_UNKNOWN', String(error));
  assert.match(error.message, /^cannot call cloudy removed: .*role cloudy-eu-central-1-/);
  assert.equal([templates(context), roleNames(context)], [[], 4]);
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
