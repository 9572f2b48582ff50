import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Site } from '../../../lib/inventory/index.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import { wayIn } from '../../../lib/site/teardown.ts';
import {
  type Context,
  destroyIn,
  failureOf,
  inTheirs,
  inTheirWorld,
  letIn,
  OPERATOR,
  PLATFORM,
  recordOf,
  seenByOwner,
} from './theirs.ts';
import { ACCOUNT, apply, plan, refused, using } from './world.ts';

const test = suite<Context>('a site in an EKS cluster of another hand');
inTheirWorld(test);

const said = async (promise: Promise<unknown>) => {
  const { code, message, hint } = await failureOf(promise);
  return [code, message, hint];
};

test('it is entered and left as it is: a second run changes nothing, and destroy leaves it', async context => {
  const site = inTheirs(context.theirs);
  const before = await seenByOwner(context.theirs);
  assert.equal((await apply(context, site)).changed, ['eks.kubeconfig cluster/cloudy']);
  const file = join(context.project, 'kubeconfigs', 'cloudy.yaml');
  assert.match(readFileSync(file, 'utf8'), /eks-token/);
  assert.equal((await apply(context, site)).changed, []);
  assert.is((await plan(context, site)).changes, 0);
  assert.equal(context.kubernetes.made, []);
  await destroyIn(context, site);
  assert.throws(() => readFileSync(file), /ENOENT/);
  assert.equal(await seenByOwner(context.theirs), before);
});

test('one that is not the one of the inventory is told apart before anything is written', async context => {
  const { eks } = context.theirs;
  const wrong = async (want: object, more: Partial<Site> = {}) =>
    said(apply(context, { ...inTheirs(context.theirs, want), ...more }));
  assert.equal(await wrong({ existing: 'platfrom' }), [
    'EKS_EXISTING',
    `cannot work in the cluster platfrom: account ${ACCOUNT} has none of this name in eu-central-1`,
    'aws eks list-clusters --region eu-central-1; then cluster.existing or provider.region in the inventory',
  ]);
  assert.equal(await wrong({ version: '1.36' }), [
    'EKS_VERSION',
    'cannot work in the cluster platform: it runs Kubernetes 1.35, expected 1.36',
    "cluster.version: '1.35' in the inventory: muster upgrades no cluster of another hand",
  ]);
  const { provider } = inTheirs({ ...context.theirs, vpc: 'vpc-0a1b2c3d' });
  assert.equal(await wrong({}, { provider }), [
    'EKS_EXISTING',
    `cannot work in the cluster platform: it is in ${context.theirs.vpc}, expected vpc-0a1b2c3d`,
    `provider.network.vpc: ${context.theirs.vpc}`,
  ]);
  const found = recordOf(context);
  found.cluster.tags = { 'muster:site': 'other' };
  assert.match((await wrong({})).join(), /muster made it, for the site other,work with that site: --site other/);
  found.cluster.tags = {};
  await eks.deleteNodegroup({ clusterName: PLATFORM, nodegroupName: 'default' });
  found.cluster.status = 'FAILED';
  found.cluster.health = { issues: [{ code: 'Ec2SubnetNotFound', message: 'it is gone' }] };
  const failed = await failureOf(apply(context, inTheirs(context.theirs)));
  assert.equal([failed.code, failed.details], ['EKS_EXISTING', ['Ec2SubnetNotFound: it is gone']]);
  assert.equal(await readdir(context.project), ['.muster']);
});

test('one that is being made is waited for', async context => {
  const { cluster } = recordOf(context);
  cluster.status = 'CREATING';
  const site = inTheirs(context.theirs);
  const wait = (await plan(context, site)).items.flatMap(({ decision }) =>
    decision.is === 'changes' ? decision.changes : [],
  );
  assert.equal([wait[0]?.action, wait[0]?.from, wait[0]?.to], ['run', 'CREATING', 'ACTIVE']);
  setTimeout(() => Object.assign(cluster, { status: 'ACTIVE' }), 300);
  assert.ok((await apply(context, site)).changed.includes('eks.cluster cluster/cloudy'));
});

test('who is not let in is told which access entry to ask for; who may do too little too', async context => {
  const { eks } = context.theirs;
  const of = { clusterName: PLATFORM, principalArn: OPERATOR };
  await eks.deleteAccessEntry(of);
  const site = inTheirs(context.theirs);
  const thrown = await failureOf(apply(context, site));
  assert.is(thrown.code, 'EKS_NO_ACCESS');
  assert.match(thrown.message, `cannot enter the cluster platform: it refuses ${OPERATOR} (401 Unauthorized`);
  const named = `--cluster-name platform --principal-arn ${OPERATOR} --region eu-central-1`;
  const commands = [
    `aws eks create-access-entry ${named}`,
    `aws eks associate-access-policy ${named} --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy --access-scope type=cluster`,
  ];
  assert.equal(
    thrown.details.filter((line: string) => !line.startsWith('journal')),
    commands,
  );
  await eks.createAccessEntry({ ...of, type: 'STANDARD' });
  assert.match(await refused(apply(context, site)), /^EKS_NO_ACCESS: .* \(403 /);
  recordOf(context).cluster.accessConfig = { authenticationMode: 'CONFIG_MAP' };
  assert.match((await failureOf(apply(context, site))).details[0] ?? '', 'authenticationMode=API_AND_CONFIG_MAP');
  recordOf(context).cluster.accessConfig = { authenticationMode: 'API' };
  await eks.deleteAccessEntry(of);
  await letIn(context.theirs);
  assert.equal((await apply(context, site)).changed, []);
});

test('an endpoint that does not answer this computer is told as what it is', async context => {
  const { cluster } = recordOf(context);
  cluster.endpoint = 'https://127.0.0.1:9';
  const thrown = await failureOf(apply(context, inTheirs(context.theirs)));
  assert.match(
    thrown.message,
    /^cannot enter the cluster platform: its endpoint is reached from 0.0.0.0\/0, and does not/,
  );
  cluster.resourcesVpcConfig = { ...cluster.resourcesVpcConfig, endpointPublicAccess: false };
  assert.match((await failureOf(apply(context, inTheirs(context.theirs)))).message, 'is reached from its VPC only');
});

test('a cluster without a node that is Ready is not ready', async context => {
  await context.theirs.eks.deleteNodegroup({ clusterName: PLATFORM, nodegroupName: 'default' });
  while (recordOf(context).nodegroups.all().length > 0) await new Promise(resolve => setTimeout(resolve, 10));
  const site = inTheirs(context.theirs);
  await using(context, site, opened => runVerb(opened, 'bootstrap', wayIn(opened), { retain: true }));
  const { items } = await plan(context, site);
  const ready = items.find(({ step }) => step.id === 'cluster.ready')?.decision;
  assert.is(ready?.is === 'changes' && ready.changes[0]?.from, 'none of its 0 nodes is Ready');
});

test.run();
