import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { credentialsOf } from '../../lib/aws/credentials.ts';
import { connectAws } from '../../lib/aws/index.ts';
import type { OpsError } from '../../lib/errors/index.ts';
import { ssoSessionsOf } from '../servers/aws/sso.ts';
import { ACCOUNT, endWorld, env, file, newWorld, type World, who } from './nobody.ts';

const test = suite<World>('whoever logged in to SSO');
test.before.each(newWorld);
test.after.each(endWorld);

const TOKEN = 'aoaAAAAAGlogged-in';

/** `aws configure sso` and `aws sso login`: a profile, and what the command line keeps of a session. */
async function loggedIn(context: World, { account = ACCOUNT, role = 'platform', hours = 8 } = {}) {
  const { aws, dir } = context;
  await file(
    ...([context, 'config'] as const),
    ...['[profile work]', 'sso_session = acme', `sso_account_id = ${account}`, `sso_role_name = ${role}`],
    ...['[sso-session acme]', 'sso_region = eu-central-1', 'sso_start_url = https://acme.example.org/start'],
  );
  const expires = Date.now() + hours * 3_600_000;
  const roles = [ACCOUNT, '999900001111'].map(account => ({ account, role: 'platform' }));
  ssoSessionsOf(aws.world).set(TOKEN, { user: 'ada', expires: aws.world.now() + 28_800_000, roles });
  const cache = join(dir, '.aws/sso/cache');
  await mkdir(cache, { recursive: true });
  const name = `${createHash('sha1').update('acme').digest('hex')}.json`;
  await writeFile(
    join(cache, name),
    JSON.stringify({ accessToken: TOKEN, expiresAt: new Date(expires).toISOString(), region: 'eu-central-1' }),
  );
  return join(cache, name);
}

const ADA = 'assumed-role/AWSReservedSSO_platform_0123456789abcdef/ada';

test('a profile of SSO is the role that its session may take on, for calls and for tokens of clusters', async context => {
  await loggedIn(context);
  assert.is(await who('work'), `arn:aws:sts::${ACCOUNT}:${ADA}`);
  const [taken] = context.aws.calls;
  assert.equal([taken?.operation, taken?.caller], ['GetRoleCredentials', 'anonymous']);
  assert.ok((await credentialsOf('work', process.env)).sessionToken);
});

/** A code, its message and what to do; of both ways in. */
const refusals = async () => {
  const said = (error: OpsError) => `${error.code}: ${error.message} (${error.hint})`;
  const aws = connectAws({ account: ACCOUNT, region: 'eu-central-1', profile: 'work' }, env());
  const asked = await aws
    .ours('look')
    .then(() => 'allowed', said)
    .finally(aws.close);
  return [asked, await credentialsOf('work', process.env).then(() => 'allowed', said)];
};

/** Each way in says the same. */
async function mustSayLogin(why: RegExp) {
  for (const said of await refusals()) {
    assert.match(said, /^AWS_CREDENTIALS: .*by the profile work: the session of SSO is over, or there is none: /);
    assert.match(said, why);
    assert.ok(said.endsWith('(aws sso login --profile work, then run again)'), said);
  }
}

test('without a session of SSO, with one that is over here, and with one that is over there, one is told to log in', async context => {
  const cached = await loggedIn(context, { hours: -1 });
  await mustSayLogin(/Cannot refresh/);
  await rm(cached);
  await mustSayLogin(/was not found or is invalid/);
  assert.equal(context.aws.calls, []);
  await loggedIn(context);
  ssoSessionsOf(context.aws.world).clear();
  await mustSayLogin(/UnauthorizedException: Session token not found or invalid/);
});

test('a role that SSO does not give is said as that', async context => {
  await loggedIn(context, { role: 'root' });
  for (const said of await refusals())
    assert.match(
      said,
      /^AWS_CREDENTIALS: .*ForbiddenException: No access \(sso_account_id and sso_role_name of the profile work/,
    );
});

test('a session of SSO in another account is refused as other keys of it are', async context => {
  await loggedIn(context, { account: '999900001111' });
  assert.match(
    (await refusals())[0] ?? '',
    /^AWS_ACCOUNT: cannot look: these credentials are .*of account 999900001111/,
  );
});

test('a portal that does not answer is silence, not missing credentials', async context => {
  await loggedIn(context);
  // Nobody listens there.
  process.env.AWS_ENDPOINT_URL_SSO = 'http://127.0.0.1:1';
  for (const said of await refusals()) assert.match(said, /^AWS_UNREACHABLE: .*ECONNREFUSED/);
});

/** Which modules of SSO a process has loaded that asked AWS who it is. */
async function loadedBy(extra: Record<string, string>): Promise<number> {
  const lib = (name: string) => JSON.stringify(new URL(`../../lib/${name}/index.ts`, import.meta.url).href);
  const script = `
    const [{ connectAws }, { systemClock: clock }] = [await import(${lib('aws')}), await import(${lib('time')})];
    const { signal } = new AbortController();
    const aws = connectAws({ account: '${ACCOUNT}', region: 'eu-central-1' }, { clock, signal, random: Math.random });
    await aws.ours('look');
    const { cache } = (await import('node:module')).createRequire('/');
    console.log(Object.keys(cache).filter(path => path.includes('/submodules/sso/')).length);
    aws.close();`;
  const argv = ['--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { env: { ...process.env, ...extra } });
  return Number(stdout);
}

test('what SSO needs is loaded by whoever logged in to it, and by nobody else', async context => {
  await loggedIn(context);
  assert.is(await loadedBy({ AWS_PROFILE: 'work' }), 1);
  assert.is(await loadedBy(context.aws.env()), 0);
});

test.run();
