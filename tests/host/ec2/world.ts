import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EC2 } from '@aws-sdk/client-ec2';
import * as assert from 'uvu/assert';
import { policyFor } from '../../../lib/aws/index.ts';
import type { AnyStep, EngineEvent } from '../../../lib/engine/index.ts';
import type { Ec2Want, Site } from '../../../lib/inventory/index.ts';
import { Masker } from '../../../lib/secret/index.ts';
import { type OpenSite, wireSite } from '../../../lib/site/open.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import { removalSteps } from '../../../lib/site/teardown.ts';
import { type Clock, systemClock } from '../../../lib/time/index.ts';
import { type AwsServer, startAws } from '../../servers/aws/server.ts';
import type { WorldOptions } from '../../servers/aws/world.ts';

export const ACCOUNT = '111122223333';

export const wanted = (want: Partial<Ec2Want> = {}): Ec2Want => ({
  kind: 'ec2',
  account: ACCOUNT,
  region: 'eu-central-1',
  access: ['203.0.113.7/32'],
  network: { cidr: '10.20.0.0/16', nat: false },
  image: 'debian-12',
  elasticIp: false,
  ...want,
});

export const siteOf = (want: Partial<Ec2Want> = {}, name = 'cloudy'): Site =>
  ({
    name,
    path: `/inventories/${name}.yaml`,
    environment: 'lab',
    artifacts: { sources: ['module'] },
    provider: wanted(want),
    hosts: [{ name: 'server-1', role: 'server', instance: 't3.large', disk: 20 * 2 ** 30 }],
    cluster: { kind: 'k3s', version: 'v1.36.3+k3s-lab' },
    addons: {},
  }) as unknown as Site;

const FASTER = 20;
/** Pauses and deadlines are shorter than they say: what a stand-in settles in milliseconds needs no half seconds. */
export const quick: Clock = {
  ...systemClock,
  monotonic: () => systemClock.monotonic() * FASTER,
  sleep: (ms, signal) => systemClock.sleep(ms / FASTER, signal),
};

export interface World {
  aws: AwsServer;
  project: string;
  events: EngineEvent[];
}

/** Who runs muster may do what `./muster aws-policy` prints, and nothing else: what lacks there fails every test of a site. */
export const leastRights = (cluster: 'k3s' | 'eks', network?: Ec2Want['network']) =>
  policyFor({
    ...{ account: ACCOUNT, region: 'eu-central-1', site: 'cloudy', cluster },
    ...(network && { network }),
  }).Statement.flatMap(({ Action }) => Action);

export async function newWorld(options: WorldOptions = {}): Promise<World> {
  const aws = await startAws({ settleMs: 5, account: ACCOUNT, ...options });
  aws.keys.allowed = leastRights('k3s');
  Object.assign(process.env, aws.env());
  return { aws, project: await mkdtemp(join(tmpdir(), 'muster-ec2-')), events: [] };
}

export async function endWorld({ aws, project }: World): Promise<void> {
  await aws.close();
  await rm(project, { recursive: true, force: true });
}

export const stateDir = ({ project }: Pick<World, 'project'>, site: Site): string =>
  join(project, '.muster', site.name);

/** A site as a command opens it, anew each time: nothing but AWS and the state on the disk is remembered. */
export function open(world: World, site = siteOf(), signal = new AbortController().signal): Promise<OpenSite> {
  const { project, events } = world;
  const dirs = { project, state: stateDir(world, site), cache: join(project, 'cache') };
  const emit = (event: EngineEvent) => void events.push(event);
  return wireSite(site, { project, dirs, clock: quick, signal, emit, masker: new Masker() });
}

export const notSsh = (step: AnyStep) => step.id !== 'machine.ssh';

/** Opens, acts, closes. */
export async function using<T>(world: World, site: Site, act: (site: OpenSite) => Promise<T>): Promise<T> {
  const opened = await open(world, site);
  try {
    return await act(opened);
  } finally {
    await opened.close();
  }
}

/** Network and machines; nobody answers by SSH here. */
export const apply = (world: World, site = siteOf(), retain = true) =>
  using(world, site, opened =>
    runVerb(opened, 'bootstrap', opened.provider.steps(site, site.hosts), { select: notSsh, retain, confirmed: true }),
  );

export const destroy = (world: World, site = siteOf()) =>
  using(world, site, opened =>
    runVerb(opened, 'destroy', removalSteps(site, opened), { retain: true, confirmed: true }),
  );

export const list = (world: World, site = siteOf()) =>
  using(world, site, opened => opened.provider.list({ site: site.name }));

/** What calls did, without the reads. */
export const writes = ({ aws }: World) =>
  aws.calls.filter(({ operation }) => !/^(Describe|Get)/.test(operation)).map(({ operation }) => operation);

/** With all that an inventory can ask for. */
export const whole = siteOf({ network: { cidr: '10.20.0.0/16', nat: true }, elasticIp: true });

/** One of each kind, and the same as without a fault. */
export async function assertWhole(world: World, site = whole): Promise<void> {
  const count = (await list(world, site))
    .map(({ kind, detail }) => `${kind} ${detail.replace(/, of run .*/, '')}`)
    .sort();
  assert.equal(count, WHOLE, count.join('\n'));
}

const WHOLE = [
  'NAT gateway nat',
  'VPC vpc',
  'address address/server-1',
  'address nat',
  'internet gateway gateway',
  'key pair key',
  'machine host/server-1',
  'network interface host/server-1',
  'route table routes/private',
  'route table routes/public',
  'security group firewall',
  'subnet subnet/private-a',
  'subnet subnet/private-b',
  'subnet subnet/public-a',
  'subnet subnet/public-b',
  'volume host/server-1',
];

/** As Terraform leaves it: nothing in it bears a tag of ours. */
export async function broughtNetwork(owner: EC2) {
  const { Vpc } = await owner.createVpc({ CidrBlock: '10.99.0.0/16' });
  const vpc = Vpc?.VpcId ?? '';
  const make = async (CidrBlock: string, AvailabilityZone: string) =>
    (await owner.createSubnet({ VpcId: vpc, CidrBlock, AvailabilityZone })).Subnet?.SubnetId ?? '';
  const subnets = [await make('10.99.1.0/24', 'eu-central-1a'), await make('10.99.2.0/24', 'eu-central-1b')];
  const InternetGatewayId = (await owner.createInternetGateway({})).InternetGateway?.InternetGatewayId;
  await owner.attachInternetGateway({ InternetGatewayId, VpcId: vpc });
  const RouteTableId = (await owner.createRouteTable({ VpcId: vpc })).RouteTable?.RouteTableId;
  await owner.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId });
  for (const SubnetId of subnets) {
    await owner.associateRouteTable({ RouteTableId, SubnetId });
    await owner.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: true } });
  }
  return { vpc, subnets };
}
