import { readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EC2 } from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { storeName } from '../../lib/addon/coredns/store-name.ts';
import type { Report } from '../../lib/drill/report.ts';
import { type StoreWorld, storeWorld } from '../backup/store-world.ts';
import { clientOf } from '../servers/aws/clients.ts';
import { startRunner } from '../servers/aws/instances/podman-runner.ts';
import { type AwsServer, startAws } from '../servers/aws/server.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { ec2Inventory } from './ec2-site.ts';
import { type EscrowKeys, escrowKeys } from './escrow-keys.ts';
import { namedStoreOf, STORE_NAME } from './named-store.ts';

const SITE = 'cloudback';
const KEPT = join(homedir(), '.local/share/muster', SITE);

/** As docs/first-aws-site.md has it: what was built comes out of a bundle, and the private halves of the escrow lie elsewhere. */
const inventory = ({ aws, named, keys }: Context, digest?: string) => `${ec2Inventory(SITE, aws.world.account, {
  dir: join(keys.dir, 'bundle'),
  ...(digest !== undefined && { digest }),
})}
backup:
  store: ${JSON.stringify(named.store)}
  sources: [postgres, velero]
  namespaces: [app]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 10m
  escrow:
    recipients: [${keys.recipients.join(', ')}]
    identity: ${keys.dir}/drills.txt
    places: [${keys.dir}/vault, ${keys.dir}/usb]
drills: { heartbeat: 5s, proof: 30d }
`;

interface Context {
  keys: EscrowKeys;
  s3: StoreWorld;
  /** Its bucket under a name that no resolver here knows. */
  named: Awaited<ReturnType<typeof namedStoreOf>>;
  aws: AwsServer;
  checkout: Checkout;
  hand: EC2;
  report: Report;
}

const test = suite<Context>('a site on EC2 that is backed up to S3, and rebuilt beside itself');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.s3 = await storeWorld('cloud-store');
  await context.s3.run();
  context.aws = await startAws({ runner: await startRunner(), pageSize: 1000 });
  context.hand = clientOf(EC2, context.aws);
  Object.assign(process.env, context.aws.env());
  context.named = await namedStoreOf(context.s3, SITE);
  context.keys = await escrowKeys(SITE, 'drills.txt');
  context.checkout = await newCheckout(SITE, inventory(context));
  // The one thing that nothing but a lab may have, and no release can be reached from here.
  const check = join(context.checkout.dir, 'lib/inventory/checks/sources.ts');
  const text = await readFile(check, 'utf8');
  await writeFile(check, text.replace('|| !LAB_VERSION.test(version)', '|| true'));
  const { code, stdout, stderr } = await context.checkout.muster(
    'bundle',
    '--out',
    join(context.keys.dir, 'bundle'),
    '--json',
  );
  assert.is(code, 0, stderr.slice(-2000));
  const { digest } = JSON.parse(stdout) as { digest: string };
  await writeFile(join(context.checkout.dir, 'inventories', `${SITE}.yaml`), inventory(context, digest));
});

test.after(async ({ checkout, hand, aws, named, s3, keys }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.remove();
  hand.destroy();
  await aws.close();
  named.close();
  await s3.close();
  for (const path of [KEPT, keys.dir]) await rm(path, { recursive: true, force: true });
});

const networks = async ({ hand }: Context) =>
  ((await hand.describeVpcs({})).Vpcs ?? []).filter(({ IsDefault }) => !IsDefault).length;

async function ok({ checkout }: Context, verb: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await checkout.muster(verb, ...args);
  assert.is(code, 0, `${verb} ${args.join(' ')}: ${stderr.slice(-3000)}`);
}

/** By hand, in place of the company's own DNS: where that answers, nobody needs it. */
async function tellName(context: Context): Promise<void> {
  const file = join(context.checkout.dir, 'name.json');
  await writeFile(file, JSON.stringify(storeName({ name: STORE_NAME, address: '10.0.2.2' })));
  await ok(context, 'kubectl', 'apply', '-f', file);
}

test('it is made, and its set lies in the bucket', async context => {
  for (const part of ['15-open-store', '20-create-machines', '30-build-cluster'])
    await ok(context, 'bootstrap', '--only', part);
  await tellName(context);
  await ok(context, 'bootstrap');
  await ok(context, 'backup');
  // With the key that verifies its sets, which is in git outside labs.
  await context.checkout.commit();
  await ok(context, 'backup-audit');
});

test('a rehearsal brings it up in a second network, fenced, with its data, and leaves nothing', async context => {
  const from = context.aws.calls.length;
  const { code, stdout, stderr } = await context.checkout.muster('drill', 'site-rebuild', '--json');
  assert.is(code, 0, stderr.split('\n').slice(-25).join('\n') + stdout.slice(-4000));
  context.report = (JSON.parse(stdout) as { report: Report }).report;
  const { verdict, mode, target, left, clocks, rpo } = context.report;
  assert.equal([verdict, mode, target, left], ['verified', 'rehearse', `${SITE}-rehearsal (ec2)`, []]);
  const made = context.aws.calls.slice(from).filter(({ operation }) => operation === 'CreateVpc');
  assert.is(made.length, 1);
  assert.is(await networks(context), 1);
  console.error(`clocks ${JSON.stringify(clocks)}`);
  console.error(`rpo ${JSON.stringify(rpo.sources)}`);
});

test('the stand-in was asked for nothing that it does not know', ({ aws }) => {
  assert.equal(aws.unknown(), []);
});

test.run();
