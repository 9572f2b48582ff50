import { readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { imageRefs } from '../../lib/artifact/index.ts';
import type { Report } from '../../lib/drill/report.ts';
import type { SelfTestRow } from '../../lib/drill/selftest.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { type StoreWorld, storeWorld } from '../backup/store-world.ts';
import { type LiveKubernetes, OUTSIDE, startKubernetes } from '../servers/aws/eks/live/cluster.ts';
import { startRunner } from '../servers/aws/instances/podman-runner.ts';
import { type AwsServer, startAws } from '../servers/aws/server.ts';
import { type Registry, startRegistry } from '../servers/registry.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { imagesArchive } from './container-host.ts';
import { storeOf } from './s3-of.ts';
import { watcher, wiki } from './wiki.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const SITE = 'eksback';
const KEPT = join(homedir(), '.local/share/muster', SITE);

const inventory = (account: string, store: object) => `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [release, module] }
provider: { kind: ec2, account: '${account}', region: eu-central-1, access: [${OUTSIDE}/32] }
hosts: []
cluster:
  kind: eks
  version: '1.36'
  admins: ['arn:aws:iam::${account}:user/operator']
  nodes:
    - { name: blue, instance: t3.medium, min: 1, max: 3, desired: 1, disk: 20GiB }
addons: { coredns: true, local-path: false, metrics-server: false }
backup:
  store: ${JSON.stringify(store)}
  sources: [velero]
  namespaces: [team, agents]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 10m
`;

/** Whose images are built here, and published as upstream's. */
const LAB = {
  ...{ name: 'host', environment: 'lab', hosts: [], artifacts: { sources: ['module'] } },
  cluster: { kind: 'k3s', version: 'v1.36.3+k3s-lab' },
  addons: { coredns: true, 'local-path': true, 'metrics-server': true },
  app: {},
  backup: { store: { kind: 'local' }, sources: ['postgres', 'velero'] },
} as unknown as Site;

/** By the name in the lock. postgres: of the images with Debian's tools one that the archive has. */
const UPSTREAM = {
  velero: { repository: 'velero/velero', tag: 'v1.18.3', from: 'velero' },
  'velero-plugin-for-aws': {
    repository: 'velero/velero-plugin-for-aws',
    tag: 'v1.14.3',
    from: 'velero-plugin-for-aws',
  },
  'debian-base': { repository: 'library/debian', tag: 'bookworm-slim', from: 'postgres' },
} as const;

interface Context {
  s3: StoreWorld;
  registry: Registry;
  kubernetes: LiveKubernetes;
  aws: AwsServer;
  checkout: Checkout;
}

const test = suite<Context>('a site on EKS that is backed up, lost and rebuilt');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.s3 = await storeWorld('eks-store');
  await context.s3.run();
  context.registry = await upstream();
  const runner = await startRunner();
  context.kubernetes = await startKubernetes(runner, context.registry);
  context.aws = await startAws({ runner, kubernetes: context.kubernetes, pageSize: 1000 });
  Object.assign(process.env, context.aws.env());
  const store = await storeOf(context.s3, SITE);
  context.checkout = await newCheckout(SITE, inventory(context.aws.world.account, store));
  await publishHere(context);
});

test.after(async ({ checkout, aws, registry, s3 }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.remove();
  await aws.close();
  await registry.close();
  await s3.close();
  await rm(KEPT, { recursive: true, force: true });
});

async function upstream(): Promise<Registry> {
  const archive = await imagesArchive(LAB);
  const refs = await imageRefs(LAB, PROJECT);
  return startRegistry(
    archive,
    Object.values(UPSTREAM).map(({ from, ...name }) => ({ ...name, ref: refs[from] ?? '' })),
  );
}

/** The lock of this checkout names the stand-in where upstream's is named. */
async function publishHere({ checkout, registry }: Context): Promise<void> {
  const path = join(checkout.dir, 'artifacts/lock.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replaceAll(/image: [^/ ]+\/(.*), host: [^,]+,/g, `image: ${registry.host}/$1,`));
}

async function ok({ checkout }: Context, verb: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await checkout.muster(verb, ...args);
  assert.is(code, 0, `${verb} ${args.join(' ')}: ${stderr.split('\n').slice(-20).join('\n')}${stdout.slice(-3000)}`);
  return stdout;
}

const inPod = (context: Context, script: string) =>
  ok(context, 'kubectl', '-n', 'team', 'exec', 'wiki-0', '--', 'sh', '-c', script);

async function drill(context: Context, ...args: string[]): Promise<Report> {
  const said = await ok(context, 'drill', ...args, '--mode', 'destroy', `--confirm=${SITE}`, '--json');
  const { report } = JSON.parse(said) as { report: Report };
  assert.is(report.verdict, 'verified');
  console.error(`clocks of ${report.title}: ${JSON.stringify(report.clocks)}`);
  return report;
}

const passed = ({ checks }: Report) => checks.filter(({ state }) => state === 'passed').map(({ id }) => id);

test('without digests nothing of Velero is installed, and the command that looks them up is named', async context => {
  const { code, stdout } = await context.checkout.muster('plan');
  assert.is(code, 2);
  assert.match(stdout, /its digest is not in the lock yet/, stdout);
});

test('digests are looked up in the registry, and the site comes up with images that its nodes pulled', async context => {
  const { checkout, registry } = context;
  // Those of k3s are nobody's here.
  const path = join(checkout.dir, 'artifacts/lock.yaml');
  await writeFile(
    path,
    (await readFile(path, 'utf8')).replace(/(sums: \S+, )digest: unresolved/g, `$1digest: sha256:${'0'.repeat(64)}`),
  );
  await ok(context, 'lock');
  const text = await readFile(path, 'utf8');
  for (const digest of Object.values(registry.digests)) assert.match(text, digest);
  await ok(context, 'bootstrap');
  assert.ok(registry.requests.some(each => /^GET \/v2\/velero\/velero\/blobs\//.test(each)));
  await ok(context, 'status');
});

test('a set of what others run there is taken, and read back', async context => {
  const file = join(context.checkout.dir, 'workload.yaml');
  const { registry } = context;
  // Of the stand-in's provisioner: a folder of the node that is mounted, as a volume of EBS is.
  const image = `${registry.host}/library/debian:bookworm-slim`;
  await writeFile(file, `${wiki(image, '{ volumeType: local }')}\n---\n${watcher(image)}\n`);
  await ok(context, 'kubectl', 'apply', '-f', file);
  await ok(context, 'kubectl', '-n', 'team', 'rollout', 'status', 'statefulset/wiki', '--timeout=180s');
  await inPod(context, 'mkdir -p /data/deep && echo kept > /data/deep/page && chown 1000:1000 /data/deep/page');
  await ok(context, 'backup');
  const audit = await context.checkout.muster('backup-audit');
  assert.is(audit.code, 0, audit.stdout);
});

test('a namespace is lost and comes back, with its volume', async context => {
  const report = await drill(context, 'namespace-loss', 'team');
  for (const id of ['velero.restored', 'velero.files.team.data-wiki-0', 'workloads.team', 'site.next-backup'])
    assert.ok(passed(report).includes(id), `${id} is not among ${passed(report)}`);
  assert.is((await inPod(context, 'cat /data/deep/page')).trim(), 'kept');
});

test('the whole site is lost, network and cluster, and comes back', async context => {
  const from = context.aws.calls.length;
  await drill(context, 'site-rebuild');
  const made = context.aws.calls
    .slice(from)
    .filter(({ operation, answer }) => operation === 'CreateCluster' && answer === 'ok');
  assert.is(made.length, 1);
  assert.is((await inPod(context, 'cat /data/deep/page && stat -c %u /data/deep/page')).trim(), 'kept\n1000');
});

test('a second site beside it, fenced, proves the same, and leaves nothing', async context => {
  const { aws, checkout } = context;
  await checkout.commit();
  const from = aws.calls.length;
  const said = await ok(context, 'drill', 'site-rebuild', '--mode', 'rehearse', '--json');
  const { report } = JSON.parse(said) as { report: Report };
  console.error(`clocks of the rehearsal: ${JSON.stringify(report.clocks)}`);
  assert.is(report.verdict, 'verified');
  // The next backup wants a bucket of its own, and this store lets nobody make one.
  for (const id of ['site.apart', 'site.fence', 'velero.files.team.data-wiki-0', 'workloads.team'])
    assert.ok(passed(report).includes(id), `${id} is not among ${passed(report)}`);
  const agents = report.checks.find(({ id }) => id === 'workloads.agents');
  assert.is(agents?.state, 'unrun');
  assert.match((agents?.details ?? []).join('; '), /0 of 1/);
  assert.equal(report.left, []);
  const made = aws.calls.slice(from).map(({ operation }) => operation);
  for (const operation of ['CreateVpcEndpoint', 'DeleteVpcEndpoints', 'DeleteCluster'])
    assert.ok(made.includes(operation), operation);
  assert.is((await inPod(context, 'cat /data/deep/page')).trim(), 'kept');
  const { code, stdout } = await checkout.muster('status');
  assert.is(code, 0, stdout);
});

test('a namespace is restored beside the original, and compared', async context => {
  await ok(context, 'restore', 'namespace', 'team');
  await ok(context, 'restore', 'discard');
});

test('every damage is found for which the set has room', async ({ checkout }) => {
  const { code, stdout, stderr } = await checkout.muster('drill-selftest', '--json');
  assert.is(code, 0, stderr.slice(-2000));
  const { rows } = JSON.parse(stdout) as { rows: SelfTestRow[] };
  const skipped = rows.filter(row => row.skipped !== undefined).map(({ damage }) => damage);
  assert.equal(skipped.sort(), ['set/source-left-out', 'velero/packs-exchanged']);
  assert.equal(
    rows.filter(row => !row.found && !skipped.includes(row.damage)),
    [],
  );
  // Of one source, and the clean copy.
  assert.ok(rows.length > 25, `${rows.length} rows`);
});

test('every secret is changed, and the old ones are tried and refused', async context => {
  await ok(context, 'rotate');
});

test('a site that is gone is rebuilt', async context => {
  await ok(context, 'destroy', `--confirm=${SITE}`);
  await ok(context, 'rebuild', `--confirm=${SITE}`);
  assert.is((await inPod(context, 'cat /data/deep/page')).trim(), 'kept');
});

test('the stand-in was asked for nothing that it does not know', ({ aws }) => {
  assert.equal(aws.unknown(), []);
});

test.run();
