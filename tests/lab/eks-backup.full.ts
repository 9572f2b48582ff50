import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import type { SelfTestRow } from '../../lib/drill/selftest.ts';
import { OUTSIDE } from '../servers/aws/eks/live/cluster.ts';
import { closeLab, type EksLab, inPod, lookUp, ok, openLab, passed } from './eks-lab.ts';
import { watcher, wiki } from './wiki.ts';

const SITE = 'eksback';

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

const test = suite<EksLab>('a site on EKS that is backed up, lost and rebuilt');

test.before(context => openLab(context, SITE, store => inventory(context.aws.world.account, store)));
test.after(async context => {
  await context.checkout.muster('destroy', `--confirm=${SITE}`);
  await closeLab(context);
});

async function drill(context: EksLab, ...args: string[]): Promise<Report> {
  const said = await ok(context, 'drill', ...args, '--mode', 'destroy', `--confirm=${SITE}`, '--json');
  const { report } = JSON.parse(said) as { report: Report };
  assert.is(report.verdict, 'verified');
  console.error(`clocks of ${report.title}: ${JSON.stringify(report.clocks)}`);
  return report;
}

test('without digests nothing of Velero is installed, and the command that looks them up is named', async context => {
  const { code, stdout } = await context.checkout.muster('plan');
  assert.is(code, 2);
  assert.match(stdout, /its digest is not in the lock yet/, stdout);
});

test('digests are looked up in the registry, and the site comes up with images that its nodes pulled', async context => {
  const { checkout, registry } = context;
  await lookUp(context);
  const text = await readFile(join(checkout.dir, 'artifacts/lock.yaml'), 'utf8');
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
