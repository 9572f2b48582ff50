import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Aws, connectAws } from '../../lib/aws/index.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { type Clock, minutes, systemClock } from '../../lib/time/index.ts';
import { type AwsServer, startAws } from '../servers/aws/server.ts';

interface World {
  server: AwsServer;
  open(): Aws;
}

/** Its pauses take no time. */
const clock: Clock = { ...systemClock, sleep: async () => {} };

const test = suite<World>('a computer whose clock is wrong, before AWS');
test.before.each(async context => {
  context.server = await startAws({ settleMs: 5, account: '111122223333' });
  Object.assign(process.env, context.server.env());
  const want = { account: '111122223333', region: 'eu-central-1' };
  context.open = () => connectAws(want, { clock, signal: new AbortController().signal, random: () => 0 });
});
test.after.each(async ({ server }) => {
  assert.equal(server.unknown(), []);
  await server.close();
});

/** Each service has words of its own for it: of wrong keys, or of old ones. */
const ASKS = {
  sts: (aws: Aws) => aws.caller(),
  ec2: (aws: Aws) => aws.call('ec2', 'look', sdk => new sdk.DescribeVpcsCommand()),
  eks: (aws: Aws) => aws.call('eks', 'look', sdk => new sdk.ListClustersCommand()),
  iam: (aws: Aws) => aws.call('iam', 'look', sdk => new sdk.GetRoleCommand({ RoleName: 'none' })),
} as const;

/** What was said to each of some calls side by side; each a fault of the clock. */
async function faults(aws: Aws, asks: ((aws: Aws) => Promise<unknown>)[]): Promise<string[]> {
  const errors = await Promise.all(
    asks.map(ask =>
      ask(aws).then(
        () => undefined,
        error => error,
      ),
    ),
  );
  return errors.map(error => {
    assert.ok(isOpsError(error, 'AWS_CREDENTIALS'), String(error));
    return error.hint ?? '';
  });
}

for (const [service, ask] of Object.entries(ASKS))
  for (const [off, word] of [
    [-20, 'ahead of'],
    [20, 'behind'],
  ] as const)
    test(`20 minutes ${word} it, ${service} refuses, and what is to be set is the clock, not the keys`, async context => {
      const aws = context.open();
      // Whoever asks was known while the time was right: a laptop that slept.
      if (service !== 'sts') await aws.caller();
      context.server.world.clockOffset = minutes(off);
      const hint = `set the clock of this computer, then run again: it is 20 min ${word} AWS's`;
      assert.equal(await faults(aws, [ask, ask, ask]), [hint, hint, hint]);
      aws.close();
    });

test('keys that expired are a matter of logging in, also where the clock is right to a minute', async context => {
  const aws = context.open();
  context.server.world.clockOffset = minutes(1);
  context.server.keys.expires = 1;
  const [hint = ''] = await faults(aws, [ASKS.sts]);
  assert.match(hint, /^log in again/);
  aws.close();
});

test('a wrong secret is not blamed on the clock', async context => {
  process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
  const aws = context.open();
  const [hint = ''] = await faults(aws, [ASKS.sts]);
  assert.not.match(hint, /clock/);
  aws.close();
});

test.run();
