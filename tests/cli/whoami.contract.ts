import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Checkout, newCheckout } from '../lab/checkout.ts';
import { ec2Inventory } from '../lab/ec2-site.ts';
import { type AwsServer, startAws } from '../servers/aws/server.ts';

const [SITE, ACCOUNT, OTHER] = ['who', '111122223333', '999999999999'];

interface World {
  aws: AwsServer;
  checkout: Checkout;
  before: NodeJS.ProcessEnv;
}

const test = suite<World>('./muster whoami');
test.before(async context => {
  context.before = process.env;
  context.aws = await startAws({ settleMs: 5, account: ACCOUNT });
  context.checkout = await newCheckout(SITE, ec2Inventory(SITE, ACCOUNT));
});
test.before.each(({ aws, before }) => {
  aws.calls.length = 0;
  process.env = { ...before, ...aws.env() };
});
test.after(async ({ aws, checkout, before }) => {
  process.env = before;
  await checkout.remove();
  await aws.close();
});

test('says whose the credentials are, and that the inventory means them', async ({ checkout, aws }) => {
  const { code, stdout, stderr } = await checkout.muster('whoami');
  assert.is(code, 0, stderr);
  assert.match(stdout, /^who +arn:aws:iam::111122223333:user\/operator\n/);
  assert.match(stdout, /^account +111122223333, as the inventory says$/m);
  assert.match(stdout, /^region +eu-central-1$/m);
  assert.equal(
    aws.calls.map(({ operation }) => operation),
    ['GetCallerIdentity'],
  );
});

test('of another account it ends with 4, says both, and asks for nothing else', async ({ checkout, aws }) => {
  Object.assign(process.env, aws.env(aws.world.user('stranger', OTHER)));
  const { code, stdout } = await checkout.muster('whoami');
  assert.is(code, 4);
  assert.match(stdout, /^who +arn:aws:iam::999999999999:user\/stranger\n/);
  assert.match(stdout, /^account +999999999999, expected 111122223333$/m);
  const asData = await checkout.muster('whoami', '--json');
  assert.is(asData.code, 4);
  const { arn, account, expected, right, region } = JSON.parse(asData.stdout);
  assert.equal(
    { arn, account, expected, right, region },
    {
      ...{ arn: `arn:aws:iam::${OTHER}:user/stranger`, account: OTHER, expected: ACCOUNT },
      ...{ right: false, region: 'eu-central-1' },
    },
  );
  assert.equal([...new Set(aws.calls.map(({ operation }) => operation))], ['GetCallerIdentity']);
});

test('of keys that expired it ends with 1 and says to log in', async ({ checkout, aws }) => {
  const keys = Object.assign(aws.world.user('late'), { expires: 1 });
  Object.assign(process.env, aws.env(keys));
  const { code, stdout, stderr } = await checkout.muster('whoami');
  assert.equal([code, stdout], [1, '']);
  assert.match(stderr, /^error +cannot ask AWS who we are: .*ExpiredToken[\s\S]*log in again/);
});

test.run();
