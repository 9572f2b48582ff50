import { rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import { type Checkout, newCheckout } from './checkout.ts';

const SITE = 'nstest';
/** What muster keeps of a lab beside its checkout. */
const KEPT = join(homedir(), '.local/share/muster', SITE);
/** muster's own application is not there: what is backed up is what others run. */
const INVENTORY = `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [module] }
provider: { kind: container }
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 4GiB, disk: 10GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: false }
backup:
  store: { kind: local }
  sources: [velero, control-plane]
  namespaces: [team, tools]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 5m
`;

/** Of names that muster's own application has too: what is done with those must not be done with these. */
const workloads = (image: string) => `
apiVersion: v1
kind: Namespace
metadata: { name: team }
---
apiVersion: v1
kind: Namespace
metadata: { name: tools }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: team }
data: { colour: green }
---
apiVersion: v1
kind: Service
metadata: { name: postgres, namespace: team }
spec: { clusterIP: None, selector: { app: postgres } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: postgres, namespace: team }
spec:
  replicas: 1
  serviceName: postgres
  selector: { matchLabels: { app: postgres } }
  template:
    metadata:
      labels: { app: postgres, app.kubernetes.io/component: heartbeat }
      annotations: { pre.hook.backup.velero.io/command: '["/bin/sh", "-c", "date > /data/dump"]' }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - { name: main, image: ${image}, command: [sleep, infinity], volumeMounts: [{ name: data, mountPath: /data }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 64Mi } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: app-heartbeat, namespace: tools }
spec:
  selector: { matchLabels: { app: tool } }
  template:
    metadata: { labels: { app: tool } }
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{ name: main, image: ${image}, command: [sleep, infinity] }]
`;

interface Context {
  checkout: Checkout;
}

const test = suite<Context>('namespaces of which muster knows nothing');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, INVENTORY);
});

test.after(async ({ checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  await rm(KEPT, { recursive: true, force: true });
  await checkout.remove();
});

async function ok({ checkout }: Context, verb: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await checkout.muster(verb, ...args);
  assert.is(code, 0, `${verb} ${args.join(' ')}: ${stderr.split('\n').slice(-20).join('\n')}${stdout.slice(-3000)}`);
  return stdout;
}

const inPod = (context: Context, script: string) =>
  ok(context, 'kubectl', '-n', 'team', 'exec', 'postgres-0', '--', 'sh', '-c', script);

async function drill(context: Context, ...args: string[]): Promise<Report> {
  const { report } = JSON.parse(
    await ok(context, 'drill', ...args, '--mode', 'destroy', `--confirm=${SITE}`, '--json'),
  ) as { report: Report };
  assert.is(report.verdict, 'verified');
  return report;
}

const passed = ({ checks }: Report) => checks.filter(({ state }) => state === 'passed').map(({ id }) => id);

test('a site without the application runs what others bring', async context => {
  await ok(context, 'bootstrap');
  const nodes = JSON.parse(await ok(context, 'kubectl', 'get', 'nodes', '-o', 'json'));
  const names: string[] = nodes.items[0].status.images.flatMap(({ names }: { names: string[] }) => names);
  const image = names.find(name => name.includes('/busybox:'));
  assert.ok(image, names.join(' '));
  const file = join(context.checkout.dir, 'workloads.yaml');
  await writeFile(file, workloads(image));
  await ok(context, 'kubectl', 'apply', '-f', file);
  await ok(context, 'kubectl', '-n', 'team', 'rollout', 'status', 'statefulset/postgres', '--timeout=120s');
  await ok(context, 'kubectl', '-n', 'tools', 'rollout', 'status', 'deployment/app-heartbeat', '--timeout=120s');
  await inPod(context, 'mkdir -p /data/deep && echo kept > /data/deep/file && chown 1000:1000 /data/deep/file');
});

test('a drill that would prove nothing is refused before anything is lost', async ({ checkout }) => {
  const drilled = (...args: string[]) => checkout.muster('drill', ...args, '--mode', 'destroy', `--confirm=${SITE}`);
  const database = await drilled('database-loss');
  assert.is(database.code, 4);
  assert.match(database.stderr, /no backup of nstest has postgres/);
  const which = await drilled('namespace-loss');
  assert.is(which.code, 3);
  assert.match(which.stderr, /expected one that its backups take: team, tools/);
  assert.match((await drilled('namespace-loss', 'kube-system')).stderr, /cannot lose the namespace 'kube-system'/);
  assert.match((await drilled('control-plane-loss', 'team')).stderr, /it takes no namespace/);
});

test('one namespace is lost and comes back, with its volume, beside another that lives', async context => {
  await ok(context, 'backup');
  const report = await drill(context, 'namespace-loss', 'team');
  assert.is(report.title, 'The namespace team is deleted, with its volumes');
  const seen = passed(report);
  for (const id of ['velero.restored', 'velero.files.team.data-postgres-0', 'workloads.team', 'site.next-backup'])
    assert.ok(seen.includes(id), `${id} is not among ${seen}`);
  assert.equal(
    report.rpo.sources.map(({ source, met }) => [source, met]),
    [['velero', true]],
  );
  assert.is((await inPod(context, 'cat /data/deep/file; stat -c %u /data/deep/file')).trim(), 'kept\n1000');
  assert.ok((await inPod(context, 'cat /data/dump')).trim(), 'what the hook of the backup wrote');
});

test('the site is lost, and comes back with what others ran on it', async context => {
  const seen = passed(await drill(context, 'site-rebuild'));
  for (const id of ['velero.objects', 'velero.files.team.data-postgres-0', 'workloads.team', 'workloads.tools'])
    assert.ok(seen.includes(id), `${id} is not among ${seen}`);
  assert.is((await inPod(context, 'cat /data/deep/file')).trim(), 'kept');
});

test('a namespace is brought back beside its original, and the copy removed again', async context => {
  await ok(context, 'restore', 'namespace', 'team');
  const copy = await ok(
    context,
    'kubectl',
    '-n',
    'team-restored',
    'exec',
    'postgres-0',
    '--',
    'cat',
    '/data/deep/file',
  );
  assert.is(copy.trim(), 'kept');
  await ok(context, 'restore', 'discard');
});

test('a namespace that somebody removed is brought back in place, and the others are left alone', async context => {
  const uid = ['kubectl', 'get', 'namespace', 'tools', '-o', 'jsonpath={.metadata.uid}'] as const;
  const before = await ok(context, ...uid);
  await ok(context, 'kubectl', 'delete', 'namespace', 'team');
  await ok(context, 'restore', 'namespace', 'team', `--confirm=${SITE}`);
  await ok(context, 'kubectl', '-n', 'team', 'wait', '--for=condition=Ready', 'pod/postgres-0', '--timeout=60s');
  assert.is((await inPod(context, 'cat /data/deep/file')).trim(), 'kept');
  assert.is(await ok(context, ...uid), before);
});

test('what did not come up again is told, and the drill is not verified', async context => {
  const { checkout } = context;
  const patch = [
    { op: 'add', path: '/spec/template/spec/containers/0/envFrom', value: [{ secretRef: { name: 'absent' } }] },
  ];
  const at = ['-n', 'tools', 'patch', 'deployment/app-heartbeat', '--type=json', `--patch=${JSON.stringify(patch)}`];
  await ok(context, 'kubectl', ...at);
  await ok(context, 'backup');
  const args = ['drill', 'namespace-loss', 'tools', '--mode', 'destroy', `--confirm=${SITE}`, '--json'];
  const { code, stdout } = await checkout.muster(args[0] ?? '', ...args.slice(1));
  assert.is(code, 1);
  const { report } = JSON.parse(stdout) as { report: Report };
  const found = report.checks.find(({ id }) => id === 'workloads.tools');
  assert.equal([report.verdict, found?.state, found?.code], ['not verified', 'failed', 'WORKLOAD_BROKEN']);
  assert.match(found?.details?.join('\n') ?? '', /CreateContainerConfigError/);
});

test.run();
