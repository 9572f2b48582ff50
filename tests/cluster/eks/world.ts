import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { addonSteps } from '../../../lib/addon/index.ts';
import { clusterSteps } from '../../../lib/cluster/index.ts';
import { type EngineEvent, makePlan } from '../../../lib/engine/index.ts';
import { isOpsError } from '../../../lib/errors/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import type { EksWant } from '../../../lib/inventory/sections/cluster.ts';
import { Masker } from '../../../lib/secret/index.ts';
import { type OpenSite, wireSite } from '../../../lib/site/open.ts';
import type { Rehearsal } from '../../../lib/site/place.ts';
import { newRun, runVerb } from '../../../lib/site/run-verb.ts';
import { removalSteps } from '../../../lib/site/teardown.ts';
import { type Clock, systemClock } from '../../../lib/time/index.ts';
import { type World as Ec2World, endWorld as endEc2World, leastRights, wanted } from '../../host/ec2/world.ts';
import { type ClusterRecord, eksOf } from '../../servers/aws/eks/state.ts';
import { rolesOf } from '../../servers/aws/iam/state.ts';
import { startAws } from '../../servers/aws/server.ts';
import type { WorldOptions } from '../../servers/aws/world.ts';
import { fakeKubernetes } from './kubernetes.ts';

export const ACCOUNT = '111122223333';

export const eksWant = (want: Partial<EksWant> = {}): EksWant => ({
  kind: 'eks',
  version: '1.35',
  admins: [`arn:aws:iam::${ACCOUNT}:user/operator`],
  nodes: [{ name: 'blue', instance: 'm7i.large', min: 1, max: 3, desired: 2, disk: 20 * 2 ** 30 }],
  ...want,
});

export const siteOf = (want: Partial<EksWant> = {}, name = 'cloudy'): Site =>
  ({
    name,
    path: `/inventories/${name}.yaml`,
    environment: 'staging',
    artifacts: { sources: ['release'] },
    provider: wanted(),
    hosts: [],
    cluster: eksWant(want),
    addons: { coredns: true, 'local-path': false, 'metrics-server': true },
  }) as unknown as Site;

export interface World extends Ec2World {
  kubernetes: ReturnType<typeof fakeKubernetes>;
  /** Its site is one. */
  rehearsal?: Rehearsal;
}

type Where = Pick<World, 'project' | 'events' | 'rehearsal'>;

function certificate(): { key: string; cert: string } {
  const dir = mkdtempSync(join(tmpdir(), 'muster-tls-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      '/CN=api',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ],
    { stdio: 'ignore' },
  );
  const made = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(dir, { recursive: true });
  return made;
}

const tls = certificate();

export async function newWorld(options: WorldOptions = {}): Promise<World> {
  const kubernetes = fakeKubernetes(tls);
  const aws = await startAws({ settleMs: 5, account: ACCOUNT, kubernetes, ...options });
  aws.keys.allowed = leastRights('eks');
  Object.assign(process.env, aws.env());
  return { aws, kubernetes, project: await mkdtemp(join(tmpdir(), 'muster-eks-')), events: [] };
}

export async function endWorld(world: World): Promise<void> {
  world.kubernetes.close();
  await endEc2World(world);
}

/** Minutes in seconds: what a stand-in settles in milliseconds needs no pauses of five seconds, nor a second look for ten. */
const quick: Clock = {
  ...systemClock,
  monotonic: () => systemClock.monotonic() * 10,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms / 100, 50), signal),
};

/** A site as a command opens it, anew each time: nothing but AWS and the state on the disk is remembered. */
export function open(
  { project, events, rehearsal }: Where,
  site = siteOf(),
  signal = new AbortController().signal,
): Promise<OpenSite> {
  const dirs = { project, state: join(project, '.muster', site.name), cache: join(project, 'cache') };
  const emit = (event: EngineEvent) => void events.push(event);
  return wireSite(site, {
    ...{ project, dirs, clock: quick, signal, emit, masker: new Masker() },
    ...(rehearsal && { rehearsal }),
  });
}

/** Opens, acts, closes. */
export async function using<T>(
  where: Where,
  site: Site,
  act: (site: OpenSite) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const opened = await open(where, site, signal);
  try {
    return await act(opened);
  } finally {
    await opened.close();
  }
}

/** All that a site of EKS consists of. */
export const stepsOf = (site: Site, { provider, rehearsal }: OpenSite) => [
  ...provider.steps(site, site.hosts),
  ...clusterSteps(site, provider, rehearsal?.fence),
  ...addonSteps(site),
];

/** What EKS and its roles stand in. */
export const applyNetwork = (world: World, site = siteOf()) =>
  using(world, site, opened => runVerb(opened, 'bootstrap', opened.provider.steps(site, site.hosts), { retain: true }));

/** In a process of its own, which knows the account by its environment. */
export const applyIn = (project: string) => apply({ project, events: [] });

export const apply = (world: Where, site = siteOf(), signal?: AbortSignal, retain = true) =>
  using(world, site, opened => runVerb(opened, 'bootstrap', stepsOf(site, opened), { retain }), signal);

export const plan = (world: World, site = siteOf()) =>
  using(world, site, opened => makePlan(stepsOf(site, opened), opened.env(newRun(opened, 'plan', {}))));

export const destroy = (world: World, site = siteOf()) =>
  using(world, site, opened =>
    runVerb(opened, 'destroy', removalSteps(site, opened), { retain: true, confirmed: true }),
  );

/** What calls did, without the reads. */
export const writes = ({ aws }: World, from = 0) =>
  aws.calls
    .slice(from)
    .filter(({ operation }) => !/^(Describe|Get|List)/.test(operation))
    .map(({ operation }) => operation);

/** Everything in the account that bears the site's name. */
export function left({ aws }: World, name = 'cloudy'): string[] {
  const of = { world: aws.world, account: ACCOUNT, region: 'eu-central-1' };
  const { networkInterfaces, securityGroups, vpcs, instances, volumes, launchTemplates } = aws.world.ec2(
    ACCOUNT,
    'eu-central-1',
  );
  return [
    ...eksOf(of)
      .clusters.all()
      .map(({ cluster }) => `cluster ${cluster.name}`),
    ...rolesOf(aws.world, ACCOUNT)
      .all()
      .map(role => `role ${role.name}`),
    ...launchTemplates.all().map(each => `launch template ${each.name}`),
    ...instances.all().flatMap(each => (each.state === 'terminated' ? [] : `machine ${each.id}`)),
    ...volumes.all().map(each => `volume ${each.VolumeId}`),
    ...networkInterfaces.all().map(each => `interface ${each.Description}`),
    ...securityGroups.all().flatMap(each => (each.GroupName === 'default' ? [] : `group ${each.GroupName}`)),
    ...vpcs.all().flatMap(each => (each.IsDefault ? [] : `network of ${name}`)),
  ];
}

export const record = ({ aws }: World): ClusterRecord => {
  const found = eksOf({ world: aws.world, account: ACCOUNT, region: 'eu-central-1' }).clusters.get('cloudy');
  assert.ok(found);
  return found;
};

export const refused = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it was not',
    error => (isOpsError(error) ? `${error.code}: ${error.message}` : String(error)),
  );
