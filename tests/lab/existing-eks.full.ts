import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import {
  mayLook,
  mustHaveLooked,
  OPERATOR,
  PLATFORM,
  seenByOwner,
  type Theirs,
  theirPlatform,
} from '../cluster/eks/theirs.ts';
import { OUTSIDE } from '../servers/aws/eks/live/cluster.ts';
import { closeLab, type EksLab, inPod, lookUp, ok, openLab, passed } from './eks-lab.ts';
import { wiki } from './wiki.ts';

const SITE = 'brought';

const inventory = ({ vpc, subnets }: Theirs, account: string, store: object) => `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [release, module] }
provider:
  kind: ec2
  account: '${account}'
  region: eu-central-1
  access: [${OUTSIDE}/32]
  network: { vpc: ${vpc}, subnets: [${subnets}] }
hosts: []
cluster:
  kind: eks
  existing: ${PLATFORM}
  version: '1.36'
  classes: [ebs-sc]
  admins: ['${OPERATOR}']
  nodes: [{ name: blue, instance: t3.medium, min: 1, max: 1, desired: 1, disk: 20GiB }]
addons: { coredns: true, local-path: false, metrics-server: false }
backup:
  store: ${JSON.stringify(store)}
  sources: [velero]
  namespaces: [team]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 10m
`;

/** As they made it, for all claims that name none. */
const CLASS = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: ebs-sc, annotations: { storageclass.kubernetes.io/is-default-class: 'true' } }
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
`;

interface Context extends EksLab {
  theirs: Theirs;
  /** Platform and workload, before muster came and at the end. */
  before: unknown;
}

const test = suite<Context>('a site in an EKS cluster of another hand that answers');

test.before(context =>
  openLab(context, SITE, async store => {
    const { aws } = context;
    context.theirs = await theirPlatform(aws, '1.36');
    const driver = { addonName: 'aws-ebs-csi-driver', addonVersion: 'v1.56.0-eksbuild.1' };
    await context.theirs.eks.createAddon({ clusterName: PLATFORM, ...driver });
    aws.keys.allowed = mayLook(SITE);
    return inventory(context.theirs, aws.world.account, store);
  }),
);
test.after(async context => {
  context.theirs?.close();
  await closeLab(context);
});

/** Past EKS and muster: names, one a line. */
const names = async ({ kubernetes }: Context, ...argv: string[]) =>
  (await kubernetes.kubectl(PLATFORM, 'get', ...argv, '-o', 'name')).trim();

const theirsNow = async (context: Context) => [
  await seenByOwner(context.theirs),
  await names(context, 'nodes'),
  await names(context, 'pv'),
  await context.kubernetes.kubectl(PLATFORM, '-n', 'team', 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}'),
];

test('Velero comes up in it, and a second run changes nothing', async context => {
  await lookUp(context);
  await ok(context, 'bootstrap');
  const running = await names(context, '-n', 'velero', 'pods', '--field-selector=status.phase=Running');
  for (const pod of [/velero-/, /node-agent-/, /node-window-/]) assert.match(running, pod);
  assert.equal(JSON.parse(await ok(context, 'bootstrap', '--json')).changed, []);
  await ok(context, 'status');
});

test('a set of what runs there is taken, and read back', async context => {
  const file = join(context.checkout.dir, 'workload.yaml');
  const image = `${context.registry.host}/library/debian:bookworm-slim`;
  await writeFile(file, `${CLASS}---\n${wiki(image, '{ volumeType: local }')}`);
  await ok(context, 'kubectl', 'apply', '-f', file);
  await ok(context, 'kubectl', '-n', 'team', 'rollout', 'status', 'statefulset/wiki', '--timeout=180s');
  await inPod(context, 'echo kept > /data/page');
  context.before = await theirsNow(context);
  await ok(context, 'backup');
  await ok(context, 'backup-audit');
});

test('a namespace is restored beside the original, and compared', async context => {
  await ok(context, 'restore', 'namespace', 'team');
  assert.match(await names(context, 'pvc', '-n', 'team-restored'), /data-wiki-0/);
});

test('a rehearsal builds a cluster of its own, and leaves nothing', async context => {
  const { aws, checkout } = context;
  await checkout.commit();
  const from = aws.calls.length;
  aws.keys.allowed = undefined;
  const said = await ok(context, 'drill', 'site-rebuild', '--mode', 'rehearse', '--json');
  aws.keys.allowed = mayLook(SITE);
  const { report } = JSON.parse(said) as { report: Report };
  console.error(`clocks of the rehearsal: ${JSON.stringify(report.clocks)}`);
  assert.is(report.verdict, 'verified');
  for (const id of ['site.apart', 'site.fence', 'velero.files.team.data-wiki-0', 'workloads.team'])
    assert.ok(passed(report).includes(id), `${id} is not among ${passed(report)}`);
  assert.equal(report.left, []);
  const made = aws.calls
    .splice(from)
    .flatMap(({ operation, answer, parameters }) =>
      operation === 'CreateCluster' && answer === 'ok' ? parameters.name : [],
    );
  assert.equal(made, [`${SITE}-rehearsal`]);
});

test('destroy takes out Velero and the copy; what is theirs was never touched', async context => {
  await ok(context, 'status');
  await ok(context, 'destroy', `--confirm=${SITE}`);
  const left = await names(context, 'namespaces,customresourcedefinitions,clusterrolebindings');
  assert.not.match(left, /velero|-restored/);
  assert.equal(await theirsNow(context), context.before);
  const read = await context.kubernetes.kubectl(PLATFORM, '-n', 'team', 'exec', 'wiki-0', '--', 'cat', '/data/page');
  assert.is(read.trim(), 'kept');
  mustHaveLooked(context.aws);
});

test('the stand-in was asked for nothing that it does not know', ({ aws }) => {
  assert.equal(aws.unknown(), []);
});

test.run();
