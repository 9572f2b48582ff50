import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Aws, connectAws } from '../../lib/aws/index.ts';
import type { Clock } from '../../lib/time/index.ts';

/** What the server answers, one after the other; the last again and again. `cut` ends the connection without an answer. */
type Answer = { status: number; body: string } | 'cut';

const STS = 'https://sts.amazonaws.com/doc/2011-06-15/';
const identity = (account: string): Answer => ({
  status: 200,
  body: `<GetCallerIdentityResponse xmlns="${STS}"><GetCallerIdentityResult><Arn>arn:aws:iam::${account}:user/ada</Arn><UserId>A</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
});
const refusal = (status: number, code: string): Answer => ({
  status,
  body: `<ErrorResponse xmlns="${STS}"><Error><Type>Sender</Type><Code>${code}</Code><Message>said so</Message></Error></ErrorResponse>`,
});

const MINE = '111122223333';
const ENV = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'not-a-secret',
  AWS_EC2_METADATA_DISABLED: 'true',
};

interface World {
  server: Server;
  answers: Answer[];
  asked: number;
  aws: Aws;
}

/** Its pauses take no time. */
const clock: Clock = { now: Date.now, monotonic: () => performance.now(), sleep: async () => {} };

const gate = suite<World>('the gate to AWS');
gate.before.each(async context => {
  context.answers = [];
  context.asked = 0;
  context.server = createServer((request, response) => {
    context.asked++;
    const answer = context.answers.length > 1 ? context.answers.shift() : context.answers[0];
    if (answer === undefined || answer === 'cut') return request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body);
  });
  await new Promise<void>(resolve => context.server.listen(0, '127.0.0.1', resolve));
  const { port } = context.server.address() as AddressInfo;
  Object.assign(process.env, ENV, { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
  const want = { account: MINE, region: 'eu-central-1' };
  context.aws = connectAws(want, { clock, signal: new AbortController().signal, random: () => 0 });
});
gate.after.each(({ aws, server }) => {
  aws.close();
  server.closeAllConnections();
  return new Promise<void>(resolve => server.close(() => resolve()));
});

const refused = (promise: Promise<unknown>) => promise.then(String, error => `${error.code}: ${error.message}`);
const ask = (aws: Aws) => aws.call('sts', 'look', sdk => new sdk.GetCallerIdentityCommand());

gate('asks who it is once, and then what it is asked', async context => {
  context.answers = [identity(MINE)];
  assert.is((await ask(context.aws)).Account, MINE);
  await ask(context.aws);
  assert.is(context.asked, 3);
});

gate('refuses the account that the inventory does not name, before the call is made', async context => {
  context.answers = [identity('999999999999')];
  assert.match(
    await refused(ask(context.aws)),
    /AWS_ACCOUNT: cannot look: .*user\/ada of account 999999999999.*111122223333/,
  );
  assert.is(context.asked, 1);
});

gate('asks again while it is throttled, cut off or met by a 503', async context => {
  context.answers = [refusal(400, 'Throttling'), 'cut', refusal(503, 'ServiceUnavailable'), identity(MINE)];
  assert.is((await context.aws.caller()).account, MINE);
  assert.is(context.asked, 4);
});

gate('tells refusals apart, and takes them for final', async context => {
  for (const [code, name] of [
    ['AWS_CREDENTIALS', 'ExpiredToken'],
    ['AWS_CREDENTIALS', 'InvalidClientTokenId'],
    ['AWS_DENIED', 'AccessDenied'],
    ['AWS_REFUSED', 'ValidationError'],
    ['AWS_QUOTA', 'VcpuLimitExceeded'],
    ['AWS_CAPACITY', 'InsufficientInstanceCapacity'],
  ] as const) {
    context.asked = 0;
    context.answers = [refusal(403, name)];
    assert.match(await refused(context.aws.caller()), new RegExp(`^${code}: .*${name}: said so`));
    assert.is(context.asked, 1, name);
  }
});

gate('says that it does not know when no answer comes', async context => {
  context.answers = ['cut'];
  assert.match(await refused(context.aws.caller()), /^AWS_UNREACHABLE: cannot ask AWS who we are: no answer/);
  assert.ok(context.asked > 3);
});

gate('takes no action that is not in the table', async context => {
  context.answers = [identity(MINE)];
  const call = context.aws.call('ec2', 'look', sdk => new sdk.DescribeFpgaImagesCommand());
  assert.match(await refused(call), /INTERNAL: .*ec2:DescribeFpgaImages is not in/);
});

gate.run();
