import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { roleName } from '../../../lib/cluster/eks/role.ts';
import { isOpsError } from '../../../lib/errors/index.ts';
import { destroySite, leaks } from '../../../lib/site/teardown.ts';
import { eksOf, newRecord } from '../../servers/aws/eks/state.ts';
import { rolesOf } from '../../servers/aws/iam/state.ts';
import { ACCOUNT, apply, endWorld, newWorld, siteOf, using, type World } from './world.ts';

const REGION = 'eu-central-1';

const test = suite<World>('what is left of a site on EKS');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const found = (world: World) => using(world, siteOf(), opened => leaks(opened));
const kinds = async (world: World) => (await found(world)).map(({ kind, id }) => `${kind} ${id}`).sort();

/** A control plane that costs by the hour, and nothing beside it. */
function plantCluster({ aws }: World, owner = 'cloudy'): void {
  const tags = { 'muster:site': owner };
  const inVpc = { interfaces: [], group: '', ofGroup: new Map() };
  const of = { world: aws.world, account: ACCOUNT, region: REGION };
  const cluster = { name: 'cloudy', version: '1.35', status: 'ACTIVE' as const, tags };
  eksOf(of).clusters.add('cloudy', newRecord(cluster, inVpc, aws.world));
}

function plantRole({ aws }: World, owner = 'cloudy'): string {
  const name = roleName(siteOf(), REGION, 'ebs-csi');
  rolesOf(aws.world, ACCOUNT).add(name, {
    ...{ name, id: 'AROALEFT', arn: `arn:aws:iam::${ACCOUNT}:role/muster/${name}`, path: '/muster/', trust: '{}' },
    ...{ description: undefined, maxSession: 3600, policies: new Set(), profiles: new Set(), inline: new Map() },
    ...{ tags: new Map([['muster:site', owner]]), madeAt: 0 },
  });
  return name;
}

const ENDPOINT = 'vpce-0123456789abcdef0';

function plantEndpoint({ aws }: World, owner = 'cloudy'): void {
  const state = aws.world.ec2(ACCOUNT, REGION);
  state.vpcEndpoints.add(ENDPOINT, { VpcEndpointId: ENDPOINT, State: 'Available' });
  state.tags.set(ENDPOINT, new Map([['muster:site', owner]]));
}

const TEMPLATE = 'lt-0123456789abcdef0';

function plantTemplate({ aws }: World, owner = 'cloudy'): void {
  const state = aws.world.ec2(ACCOUNT, REGION);
  const made = { madeAt: new Date(0), by: 'somebody', versions: [{}] };
  state.launchTemplates.add(TEMPLATE, { id: TEMPLATE, name: `${owner}/blue`, ...made });
  state.tags.set(
    TEMPLATE,
    new Map([
      ['muster:site', owner],
      ['muster:role', 'eks/nodes/blue'],
    ]),
  );
}

test('of a site that stands the cluster and each of its roles are told, with what they stand in', async world => {
  await apply(world);
  const all = await kinds(world);
  const roles = ['cluster', 'ebs-csi', 'node', 'vpc-cni'].map(part => `role cloudy-${REGION}-${part}`);
  assert.equal(
    all.filter(what => /^(cluster|role) /.test(what)),
    ['cluster cloudy', ...roles],
  );
  for (const kind of ['VPC vpc-', 'launch template lt-', 'machine i-', 'volume vol-', 'network interface eni-'])
    assert.ok(
      all.some(what => what.startsWith(kind)),
      kind,
    );
});

test('a cluster, a role, a launch template and a way to EC2 that are left are found, each alone; those of another site are not', async world => {
  assert.equal(await kinds(world), []);
  plantCluster(world, 'another');
  plantRole(world, 'another');
  plantEndpoint(world, 'another');
  plantTemplate(world, 'another');
  assert.equal(await kinds(world), []);
  plantTemplate(world);
  assert.equal(await found(world), [{ kind: 'launch template', id: TEMPLATE, detail: 'eks/nodes/blue' }]);
  plantTemplate(world, 'another');
  plantEndpoint(world);
  assert.equal(await found(world), [{ kind: 'VPC endpoint', id: ENDPOINT, detail: 'to EC2, Available' }]);
  plantEndpoint(world, 'another');
  const id = plantRole(world);
  assert.equal(await found(world), [{ kind: 'role', id, detail: 'IAM role of EKS' }]);
  plantRole(world, 'another');
  plantCluster(world);
  assert.equal(await found(world), [{ kind: 'cluster', id: 'cloudy', detail: 'control plane of EKS, ACTIVE' }]);
});

test('a removal behind which a cluster comes back is not called one: it is told what is there', async world => {
  await apply(world);
  const error = await using(world, siteOf(), opened => {
    const { provider } = opened;
    const list = provider.list.bind(provider);
    // The leak check asks; before it, whoever runs elsewhere has made them again.
    const late: typeof list = async of => {
      plantCluster(world);
      plantRole(world);
      return list(of);
    };
    return destroySite({ ...opened, provider: { ...provider, list: late } });
  }).catch(thrown => thrown);
  assert.ok(isOpsError(error, 'LEAK_FOUND'), String(error));
  assert.equal(error.details, [
    'cluster cloudy: control plane of EKS, ACTIVE',
    `role cloudy-${REGION}-ebs-csi: IAM role of EKS`,
  ]);
});

test('what could not be asked is not called nothing', async world => {
  for (const operation of ['DescribeCluster', 'DescribeVpcEndpoints', 'DescribeLaunchTemplates', 'GetRole']) {
    world.aws.world.faults.refuse(operation, { code: 'AccessDeniedException', status: 403 }, 99);
    const error = await found(world).catch(thrown => thrown);
    assert.ok(isOpsError(error, 'LEAK_UNKNOWN'), `${operation}: ${error}`);
    world.aws.world.faults.clear();
  }
});

test.run();
