import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type AwsEnv, type Caller, connectAws } from '../../lib/aws/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { type AwsServer, startAws } from '../servers/aws/server.ts';

export const ACCOUNT = '111122223333';

/** A computer on which nobody is anybody yet, and an account. */
export interface World {
  aws: AwsServer;
  dir: string;
  before: NodeJS.ProcessEnv;
}

export async function newWorld(context: World): Promise<void> {
  context.aws = await startAws({ settleMs: 5, account: ACCOUNT });
  context.dir = await mkdtemp(join(tmpdir(), 'muster-aws-'));
  context.before = process.env;
  // Nothing of the computer: no keys, no files.
  process.env = {
    ...{ PATH: process.env.PATH, HOME: context.dir, AWS_EC2_METADATA_DISABLED: 'true' },
    ...{ AWS_ENDPOINT_URL: context.aws.url, AWS_REGION: 'eu-central-1' },
    AWS_CONFIG_FILE: join(context.dir, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(context.dir, 'credentials'),
  };
}

export async function endWorld({ aws, dir, before }: World): Promise<void> {
  process.env = before;
  assert.equal(aws.unknown(), []);
  await rm(dir, { recursive: true });
  await aws.close();
}

/** Its pauses take no time. */
export const env = (): AwsEnv => ({
  clock: { ...systemClock, sleep: async () => {} },
  signal: new AbortController().signal,
  random: () => 0,
});

/** Who muster is, as the gate to AWS finds out; a code and its message when it cannot. */
export async function who(profile?: string): Promise<string> {
  const aws = connectAws({ account: ACCOUNT, region: 'eu-central-1', profile }, env());
  return aws
    .caller()
    .then(
      ({ arn }: Caller) => arn,
      error => `${error.code}: ${error.message}`,
    )
    .finally(aws.close);
}

export const file = ({ dir }: World, name: string, ...lines: string[]) =>
  writeFile(join(dir, name), `${lines.join('\n')}\n`);
