import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { veleroSteps } from '../../../lib/addon/velero/steps.ts';
import type { KubeObject } from '../../../lib/engine/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import { livingOf } from '../../../lib/site/index.ts';
import { sitesInAws } from '../../../lib/site/reap.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import { spentOn } from '../../../lib/site/spent.ts';
import { siteOf as ec2SiteOf } from '../../host/ec2/world.ts';
import { clientOf } from '../../servers/aws/clients.ts';
import { eksOf } from '../../servers/aws/eks/state.ts';
import { type Context, destroyIn, failureOf, inTheirs, inTheirWorld, PLATFORM } from './theirs.ts';
import { ACCOUNT, apply, stepsOf, using, type World } from './world.ts';

const test = suite<Context>('what muster put into an EKS cluster of another hand');
inTheirWorld(test);

/** A bootstrap that gets as far as Velero's kinds; the rest of it is put there by hand. */
async function withVelero(context: Context, site: Site) {
  const never = async () => {
    throw new Error('no store is asked');
  };
  const kinds = veleroSteps(site, { access: never, mode: 'ReadWrite' }).slice(0, 2);
  await using(context, site, opened =>
    runVerb(opened, 'bootstrap', [...stepsOf(site, opened), ...kinds], { retain: true }),
  );
  const labels = { 'app.kubernetes.io/name': 'velero', 'app.kubernetes.io/managed-by': 'muster' };
  const put = (apiVersion: string, kind: string, metadata: object, spec: object = {}) =>
    context.kubernetes.made.push({ apiVersion, kind, metadata, spec } as KubeObject);
  const rbac = 'rbac.authorization.k8s.io/v1';
  put(rbac, 'ClusterRoleBinding', { name: 'velero', labels });
  put(rbac, 'ClusterRoleBinding', { name: 'theirs', labels: { 'app.kubernetes.io/name': 'velero' } });
  put('v1', 'Namespace', { name: 'shop' });
  put('v1', 'Namespace', { name: 'shop-restored' });
  const beside = { backupName: 'muster-1', namespaceMapping: { shop: 'shop-restored' } };
  put('velero.io/v1', 'Restore', { name: 'beside', namespace: 'velero' }, beside);
  put('v1', 'Service', { name: 'web', namespace: 'shop' }, { type: 'LoadBalancer' });
}

const named = ({ kubernetes }: World) => kubernetes.made.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

test('destroy takes out what muster put in, and nothing else; also from a computer that was never in it', async context => {
  const site = inTheirs(context.theirs);
  await withVelero(context, site);
  assert.ok(named(context).includes('CustomResourceDefinition backups.velero.io'));
  assert.ok(named(context).includes('Namespace velero'));
  const elsewhere = { ...context, project: await mkdtemp(join(tmpdir(), 'muster-elsewhere-')) };
  const from = elsewhere.events.length;
  await destroyIn(elsewhere, site);
  assert.equal(named(context), ['ClusterRoleBinding theirs', 'Namespace shop', 'Service web']);
  const order = elsewhere.events.slice(from).flatMap(event => (event.type === 'begin' ? event.step.id : []));
  assert.equal(
    [...new Set(order)].filter(id => /discard|velero|kubeconfig/.test(id)),
    ['eks.kubeconfig', 'restore.discard-namespaces', 'addon.velero'],
  );
  await rm(elsewhere.project, { recursive: true });
  await destroyIn(context, site);
});

test('where Velero never was, its kinds are not known: there is nothing to take out', async context => {
  const site = inTheirs(context.theirs);
  await apply(context, site);
  await destroyIn(context, site);
});

test('kinds that a later Velero of another hand uses stay: they would take its backups along', async context => {
  const site = inTheirs(context.theirs);
  await withVelero(context, site);
  const metadata = { name: 'default', namespace: 'their-velero' };
  context.kubernetes.made.push({ apiVersion: 'velero.io/v1', kind: 'BackupStorageLocation', metadata });
  await destroyIn(context, site);
  assert.ok(named(context).includes('CustomResourceDefinition backups.velero.io'));
  assert.not.ok(named(context).includes('Namespace velero'));
});

test('a Velero of another hand is not written over', async context => {
  const site = inTheirs(context.theirs);
  context.kubernetes.made.push({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'velero' } });
  const thrown = await failureOf(withVelero(context, site));
  assert.match(thrown.message, 'cannot run Velero in the cluster of cloudy: one of another hand is there');
  assert.equal(named(context), ['Namespace velero']);
});

test('a site that lives in it is not rebuilt over; one that is gone from it is, and a cluster that is gone ends a destroy', async context => {
  const site = inTheirs(context.theirs);
  const living = () => using(context, site, livingOf);
  assert.match((await failureOf(living())).hint ?? '', /bootstrap --site cloudy --only eks/);
  await withVelero(context, site);
  assert.match((await living())[0] ?? '', /^cloudy: Namespace velero/);
  context.kubernetes.made.splice(0);
  assert.equal(await living(), []);
  const { clusters } = eksOf({ world: context.aws.world, account: ACCOUNT, region: 'eu-central-1' });
  clusters.remove(PLATFORM);
  await destroyIn(context, site);
});

test('what is of a cluster with the very name of the site is no leak, is not removed, and no reap finds it', async context => {
  const { ec2, vpc } = context.theirs;
  const site = inTheirs(context.theirs, {}, PLATFORM);
  const tags = [{ Key: `kubernetes.io/cluster/${PLATFORM}`, Value: 'owned' }];
  const TagSpecifications = [{ ResourceType: 'volume' as const, Tags: tags }];
  await ec2.createVolume({ AvailabilityZone: 'eu-central-1a', Size: 1, TagSpecifications });
  const keys = context.aws.world.user('console');
  const newer = clientOf(ElasticLoadBalancingV2, context.aws, { keys });
  const Tags = [{ Key: 'elbv2.k8s.aws/cluster', Value: PLATFORM }];
  await newer.createLoadBalancer({ Name: 'web', Type: 'network', Subnets: context.theirs.subnets, Tags });
  await apply(context, site);
  assert.is(await using(context, site, opened => spentOn(opened, [])), undefined);
  await destroyIn(context, site);
  assert.is((await newer.describeLoadBalancers({})).LoadBalancers?.length, 1);
  newer.destroy();
  const Filters = [{ Name: 'tag-key', Values: tags.map(({ Key }) => Key) }];
  assert.is((await ec2.describeVolumes({ Filters })).Volumes?.length, 1);
  assert.is((await ec2.describeVpcs({ VpcIds: [vpc] })).Vpcs?.length, 1);
  assert.equal(await using(context, ec2SiteOf({}, 'other'), sitesInAws), []);
});

test.run();
