import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EKS } from '@aws-sdk/client-eks';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { clientOf } from '../servers/aws/clients.ts';
import { type LiveKubernetes, OUTSIDE, startKubernetes } from '../servers/aws/eks/live/cluster.ts';
import { labBinary } from '../servers/aws/eks/live/files.ts';
import type { Keys } from '../servers/aws/identity.ts';
import { startRunner } from '../servers/aws/instances/podman-runner.ts';
import { type AwsServer, startAws } from '../servers/aws/server.ts';
import { type Checkout, newCheckout } from './checkout.ts';

const SITE = 'managed';
const inventory = (account: string, desired: number) => `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [release] }
provider: { kind: ec2, account: '${account}', region: eu-central-1, access: [${OUTSIDE}/32] }
hosts: []
cluster:
  kind: eks
  version: '1.36'
  admins: ['arn:aws:iam::${account}:user/operator']
  nodes:
    - { name: blue, instance: t3.medium, min: 1, max: 3, desired: ${desired}, disk: 20GiB }
addons: { coredns: true, local-path: false, metrics-server: false }
`;

interface Context {
  kubernetes: LiveKubernetes;
  aws: AwsServer;
  checkout: Checkout;
  /** Somebody with a console. */
  hand: EKS;
}

const run = promisify(execFile);
const test = suite<Context>('a site on EKS whose cluster answers');

test.before(async context => {
  const runner = await startRunner();
  context.kubernetes = await startKubernetes(runner);
  context.aws = await startAws({ runner, kubernetes: context.kubernetes, pageSize: 1000 });
  context.hand = clientOf(EKS, context.aws);
  // Nothing else of muster knows that this is not AWS.
  Object.assign(process.env, context.aws.env());
  context.checkout = await newCheckout(SITE, inventory(context.aws.world.account, 1));
  // The lab binary is a kubectl by that name.
  const bin = join(context.checkout.dir, 'bin');
  await mkdir(bin);
  await symlink(await labBinary(), join(bin, 'kubectl'));
  process.env.PATH = `${bin}:${process.env.PATH}`;
});

test.after(async ({ checkout, hand, aws }) => {
  hand.destroy();
  await checkout.remove();
  await aws.close();
});

/** kubectl with the kubeconfig that muster wrote; `keys`: of whoever asks muster for a token. */
const kubectl = async ({ checkout, aws }: Context, keys: Keys, ...argv: string[]) => {
  const env = { ...process.env, ...aws.env(keys), KUBECONFIG: join(checkout.dir, 'kubeconfigs', `${SITE}.yaml`) };
  return run('kubectl', argv, { env }).then(
    ({ stdout }) => stdout,
    ({ stderr }) => stderr as string,
  );
};

const nodes = async (context: Context): Promise<string[]> =>
  (await kubectl(context, context.aws.keys, 'get', 'nodes', '--no-headers')).trim().split('\n');

test('one command makes network, control plane and nodes, and waits until pods run', async context => {
  const { code, stderr } = await context.checkout.muster('bootstrap', '--json');
  assert.is(code, 0, stderr.slice(-3000));
  console.error(`API calls of the bootstrap: ${context.aws.calls.length}`);
});

test("kubectl gets in by muster's kubeconfig and token, and sees the nodes, not the control plane", async context => {
  const list = await nodes(context);
  assert.is(list.length, 1, list.join('\n'));
  assert.match(list[0] ?? '', /^ip-10-20-\d+-\d+ +Ready .* v1\.36\./);
  const { code, stdout } = await context.checkout.muster('kubectl', 'auth', 'whoami');
  assert.is(code, 0);
  assert.match(stdout, /user\/operator/);
});

test('a second run changes nothing, and status says so', async ({ checkout }) => {
  const { code, stdout, stderr } = await checkout.muster('bootstrap', '--json');
  assert.is(code, 0, stderr.slice(-3000));
  assert.equal(JSON.parse(stdout).changed, []);
  assert.is((await checkout.muster('status')).code, 0);
});

test('who has no access entry is not let in, nor with one that gives no rights', async context => {
  const { aws, hand, kubernetes } = context;
  const ada = aws.world.user('ada');
  assert.match(await kubectl(context, ada, 'get', 'nodes'), /must be logged in|Unauthorized/);
  assert.match(kubernetes.webhook.refused.at(-1) ?? '', /no access entry for .*user\/ada/);
  const principalArn = ada.caller.arn;
  await hand.createAccessEntry({ clusterName: SITE, principalArn });
  assert.match(await kubectl(context, ada, 'get', 'nodes'), /Forbidden.*user\/ada/);
  await hand.deleteAccessEntry({ clusterName: SITE, principalArn });
});

test('a token that was altered, is for another cluster or has expired is refused', async context => {
  const { checkout, aws, kubernetes } = context;
  const { stdout } = await checkout.muster('eks-token');
  const { token } = JSON.parse(stdout).status as { token: string };
  const { clusters } = parse(await readFile(join(checkout.dir, 'kubeconfigs', `${SITE}.yaml`), 'utf8'));
  const { server, 'certificate-authority-data': data } = clusters[0].cluster;
  const ca = join(checkout.dir, 'ca.pem');
  await writeFile(ca, Buffer.from(data, 'base64'));
  const ask = async (bearer: string) => {
    const flags = ['--kubeconfig', '/dev/null', '--server', server, '--certificate-authority', ca, '--token', bearer];
    return run('kubectl', [...flags, 'get', 'nodes', '-o', 'name']).then(
      result => result.stdout,
      error => error.stderr as string,
    );
  };
  assert.match(await ask(token), /^node\//);
  const url = Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString();
  const changed = (from: RegExp, to: string) => {
    const text = url.replace(from, to);
    assert.is.not(text, url);
    return `k8s-aws-v1.${Buffer.from(text).toString('base64url')}`;
  };
  const cases: [RegExp, string, RegExp][] = [
    [/(Signature=)(.)/, '$1z', /signature/],
    [/Action=GetCallerIdentity/, 'Action=GetSessionToken', /unexpected action/],
    [/sts\.eu-central-1/, 'sts.eu-west-1', /unexpected address/],
    [/X-Amz-Expires=60/, 'X-Amz-Expires=90000', /X-Amz-Expires/],
    [/%3Bx-k8s-aws-id/, '', /x-k8s-aws-id/],
    [/$/, '&Extra=1', /non-whitelisted/],
  ];
  for (const [from, to, why] of cases) {
    assert.match(await ask(changed(from, to)), /must be logged in|Unauthorized/, `${from}`);
    assert.match(kubernetes.webhook.refused.at(-1) ?? '', why);
  }
  aws.world.clockOffset = 16 * 60_000;
  try {
    // The API server remembers a token that was good for ten seconds.
    const until = Date.now() + 20_000;
    let answer = await ask(token);
    while (answer.startsWith('node/') && Date.now() < until) {
      await pause(500);
      answer = await ask(token);
    }
    assert.match(answer, /must be logged in|Unauthorized/);
    assert.match(kubernetes.webhook.refused.at(-1) ?? '', /expired/);
  } finally {
    aws.world.clockOffset = 0;
  }
});

test('an endpoint that is open to others only does not answer', async context => {
  const { hand } = context;
  const access = async (...publicAccessCidrs: string[]) => {
    await hand.updateClusterConfig({ name: SITE, resourcesVpcConfig: { publicAccessCidrs } });
    while ((await hand.describeCluster({ name: SITE })).cluster?.status !== 'ACTIVE') await pause(100);
  };
  await access('198.51.100.0/24');
  assert.match(await kubectl(context, context.aws.keys, 'get', 'nodes'), /EOF|reset|refused/);
  // Drift: the next run opens it again.
  const { code, stdout } = await context.checkout.muster('bootstrap', '--json');
  assert.is(code, 0);
  assert.equal(JSON.parse(stdout).changed, [`eks.cluster cluster/${SITE}`]);
  assert.is((await nodes(context)).length, 1);
});

test('a claim gets a volume of the default class, for a pod that wants it', async context => {
  const { kubernetes } = context;
  const labels = { app: 'writer' };
  const write = ['sh', '-c', 'echo kept >/data/file && sleep 100000'];
  const spec = {
    ...{ terminationGracePeriodSeconds: 1 },
    containers: [
      {
        ...{ name: 'writer', image: kubernetes.refs.busybox, command: write },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  };
  const writer = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'writer' } },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
  const claim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const file = join(context.checkout.dir, 'writer.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [claim, writer] }));
  await kubectl(context, context.aws.keys, 'apply', '-f', file);
  const wait = ['wait', 'deployment/writer', '--for=condition=Available', '--timeout=90s'];
  assert.match(await kubectl(context, context.aws.keys, ...wait), /condition met/);
  assert.match(await kubectl(context, context.aws.keys, 'get', 'pvc', 'data', '--no-headers'), /Bound .* gp3 /);
});

test('destroy takes the volume first, then nodes and control plane: nothing is left', async ({ checkout, aws }) => {
  const { code, stderr } = await checkout.muster('destroy', `--confirm=${SITE}`);
  assert.is(code, 0, stderr.slice(-3000));
  const { networkInterfaces, vpcs } = aws.world.ec2(aws.world.account, 'eu-central-1');
  assert.equal(networkInterfaces.all(), []);
  assert.equal(
    vpcs.all().filter(({ IsDefault }) => !IsDefault),
    [],
  );
});

test('the stand-in was asked for nothing that it does not know', ({ aws }) => {
  assert.equal(aws.unknown(), []);
});

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

test.run();
