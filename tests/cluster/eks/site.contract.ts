import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eksOf, newRecord } from '../../servers/aws/eks/state.ts';
import {
  ACCOUNT,
  apply,
  destroy,
  endWorld,
  left,
  newWorld,
  record,
  refused,
  siteOf,
  type World,
  writes,
} from './world.ts';

const test = suite<World>('a site on EKS');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

test('it is made, a second run changes nothing and asks little, and destroy leaves nothing', async world => {
  // As a rehearsal has it beside a cluster of another hand.
  const site = siteOf({ classes: ['ebs-sc'] });
  await apply(world, site);
  const made = world.aws.calls.length;
  const file = join(world.project, 'kubeconfigs', 'cloudy.yaml');
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.not.match(readFileSync(file, 'utf8'), /k8s-aws-v1|token:|client-key/);
  assert.equal(
    world.kubernetes.made.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ['StorageClass gp3', 'StorageClass ebs-sc'],
  );
  assert.equal((await apply(world, site)).changed, []);
  const asked = world.aws.calls.slice(made).map(({ service }) => service);
  const count = (service: string) => asked.filter(name => name === service).length;
  console.error(`calls: apply ${made}, again ${asked.length}, of them eks ${count('eks')}, iam ${count('iam')}`);
  assert.ok(count('eks') <= 20 && count('iam') <= 8, asked.join(' '));
  await destroy(world, site);
  assert.equal(left(world), []);
});

test('nothing is made for a version that EKS does not offer, or sells dear; nor by who may not enter', async world => {
  assert.match(await refused(apply(world, siteOf({ version: '1.99' }))), /^EKS_VERSION: .*does not offer/);
  assert.match(await refused(apply(world, siteOf({ version: '1.33' }))), /^EKS_VERSION: .*standard support ended on/);
  const admins = [`arn:aws:iam::${ACCOUNT}:role/platform`];
  assert.match(await refused(apply(world, siteOf({ admins }))), /^EKS_NOT_ADMIN: /);
  assert.equal(
    writes(world).filter(operation => /Cluster|Nodegroup|Addon/.test(operation)),
    [],
  );
});

test('what another hand made under the same name is not touched', async world => {
  await apply(world);
  const { cluster } = record(world);
  cluster.tags = { 'muster:site': 'another' };
  assert.match(await refused(apply(world)), /^AWS_FOREIGN: .*cluster cloudy/);
});

test('a cluster of another hand is not taken over: it is refused before a role is made, and a removal leaves it', async world => {
  const of = { world: world.aws.world, account: ACCOUNT, region: 'eu-central-1' };
  const theirs = { name: 'cloudy', version: '1.35', status: 'ACTIVE' as const, tags: { managed: 'terraform' } };
  eksOf(of).clusters.add('cloudy', newRecord(theirs, { interfaces: [], group: '', ofGroup: new Map() }, of.world));
  assert.match(await refused(apply(world)), /^AWS_FOREIGN: .*cluster cloudy/);
  assert.equal(
    writes(world).filter(operation => /Role|Cluster|Access/.test(operation)),
    [],
  );
  await destroy(world);
  assert.equal(left(world), ['cluster cloudy']);
});

test('a region without capacity ends clearly, and the next run tries again', async world => {
  world.aws.world.faults.noCapacity.add('m7i.large');
  assert.match(await refused(apply(world)), /^EKS_FAILED: .*node group blue.*CREATE_FAILED/);
  world.aws.world.faults.noCapacity.clear();
  await apply(world);
  assert.equal((await apply(world)).changed, []);
});

test('volumes and load balancers that Kubernetes made go first, while it can remove them', async world => {
  await apply(world);
  const of = (kind: string, name: string, spec: object) => ({
    ...{ apiVersion: 'v1', kind, metadata: { name, namespace: 'shop' }, spec },
  });
  world.kubernetes.made.push(of('Service', 'web', { type: 'LoadBalancer' }), of('PersistentVolumeClaim', 'data', {}));
  // In a namespace that stays, and held by a pod that comes back as long as its Deployment is there.
  const apps = (kind: string, name: string, owner?: object) => ({
    ...{ apiVersion: 'apps/v1', kind, spec: {} },
    metadata: { name, namespace: 'default', ...(owner && { ownerReferences: [{ ...owner, controller: true }] }) },
  });
  const ownedBy = (kind: string, name: string) => ({ apiVersion: 'apps/v1', kind, name });
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'kept' } }];
  world.kubernetes.made.push(
    { ...of('PersistentVolumeClaim', 'kept', {}), metadata: { name: 'kept', namespace: 'default' } },
    apps('Deployment', 'writer'),
    apps('ReplicaSet', 'writer-1', ownedBy('Deployment', 'writer')),
    { ...apps('Pod', 'writer-1-a', ownedBy('ReplicaSet', 'writer-1')), apiVersion: 'v1', spec: { volumes } },
  );
  const before = world.events.length;
  await destroy(world);
  assert.equal(
    world.kubernetes.made.filter(({ metadata }) => /^(shop|default)$/.test(metadata.namespace ?? '')),
    [],
  );
  const order = world.events.slice(before).flatMap(event => (event.type === 'begin' ? event.step.id : []));
  assert.ok(order.indexOf('eks.outside') < order.indexOf('eks.nodes.blue'), order.join(' '));
  assert.equal(left(world), []);
});

test.run();
