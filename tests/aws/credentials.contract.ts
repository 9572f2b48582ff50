import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { credentialsOf } from '../../lib/aws/credentials.ts';
import { rolesOf, webTokensOf } from '../servers/aws/iam/state.ts';
import type { Keys } from '../servers/aws/identity.ts';
import { ACCOUNT, endWorld, file, newWorld, type World, who } from './nobody.ts';

const ISSUER = 'token.actions.example.org';

const test = suite<World>('as whom muster asks AWS');
test.before.each(newWorld);
test.after.each(endWorld);

const section = (name: string, { accessKeyId, secretAccessKey }: Keys) =>
  `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`;

/** A role that this principal may take on. */
function role({ aws }: World, name: string, action: string, Principal: object, Condition?: object): string {
  const arn = `arn:aws:iam::${ACCOUNT}:role/${name}`;
  const Statement = [{ Effect: 'Allow', Action: action, Principal, ...(Condition && { Condition }) }];
  rolesOf(aws.world, ACCOUNT).add(name, {
    ...{ name, arn, id: `AROA${name.toUpperCase()}`, path: '/', description: undefined, maxSession: 3600, madeAt: 0 },
    ...{ trust: JSON.stringify({ Version: '2012-10-17', Statement }), policies: new Set(), profiles: new Set() },
    ...{ inline: new Map(), tags: new Map() },
  });
  return arn;
}

test('AWS_PROFILE names the keys, also beside others that are in the environment', async context => {
  const { world, env } = context.aws;
  const ada = world.user('ada');
  await file(context, 'credentials', section('default', world.user('nobody')), section('work', ada));
  process.env.AWS_PROFILE = 'work';
  assert.is(await who(), ada.caller.arn);
  Object.assign(process.env, env());
  assert.is(await who(), ada.caller.arn);
  assert.is((await credentialsOf(undefined, process.env)).accessKeyId, ada.accessKeyId);
});

test('the profile of the inventory goes before AWS_PROFILE', async context => {
  const { world } = context.aws;
  const [ada, eve] = [world.user('ada'), world.user('eve')];
  await file(context, 'credentials', section('work', ada), section('play', eve));
  process.env.AWS_PROFILE = 'play';
  assert.is(await who(), eve.caller.arn);
  assert.is(await who('work'), ada.caller.arn);
  assert.is((await credentialsOf('work', process.env)).accessKeyId, ada.accessKeyId);
});

test('a profile that takes on a role is that role, and expires with its session', async context => {
  const { aws } = context;
  const ada = aws.world.user('ada');
  const arn = role(context, 'platform', 'sts:AssumeRole', { AWS: ada.caller.arn });
  await file(context, 'credentials', section('base', ada));
  await file(
    context,
    'config',
    '[profile work]',
    `role_arn = ${arn}`,
    'source_profile = base',
    'role_session_name = ci',
  );
  assert.is(await who('work'), `arn:aws:sts::${ACCOUNT}:assumed-role/platform/ci`);
  const session = aws.world.keys.at(-1);
  assert.ok(session?.expires);
  rolesOf(aws.world, ACCOUNT).remove('platform');
  assert.match(await who('work'), /AccessDenied.*sts:AssumeRole/);
});

test('a profile that is not there, or that has no keys, is one clear error, and is tried once', async context => {
  assert.match(await who('work'), /^AWS_CREDENTIALS: cannot ask AWS who we are: no credentials .* by the profile work/);
  await file(context, 'config', '[profile empty]', 'region = eu-central-1');
  process.env.AWS_PROFILE = 'empty';
  assert.match(await who(), /^AWS_CREDENTIALS: .* by the profile empty/);
  assert.equal(context.aws.calls, []);
});

/** A job of a pipeline: a token of its provider, and the role that trusts it. */
async function pipeline(context: World, subject = 'repo:acme/shop') {
  const { aws, dir } = context;
  const Federated = `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`;
  const StringEquals = { [`${ISSUER}:aud`]: 'sts.amazonaws.com', [`${ISSUER}:sub`]: 'repo:acme/shop' };
  const arn = role(context, 'deploy', 'sts:AssumeRoleWithWebIdentity', { Federated }, { StringEquals });
  const token = { issuer: ISSUER, subject, audience: 'sts.amazonaws.com', expires: aws.world.now() + 60_000 };
  webTokensOf(aws.world).set('header.claims.signature', token);
  // As kubelets and pipelines write it: nothing after it.
  await writeFile(join(dir, 'token'), 'header.claims.signature');
  Object.assign(process.env, {
    AWS_WEB_IDENTITY_TOKEN_FILE: join(dir, 'token'),
    ...{ AWS_ROLE_ARN: arn, AWS_ROLE_SESSION_NAME: 'job-7' },
  });
  return token;
}

test('a web identity is the role that trusts its token', async context => {
  await pipeline(context);
  assert.is(await who(), `arn:aws:sts::${ACCOUNT}:assumed-role/deploy/job-7`);
  const [taken, asked] = context.aws.calls;
  assert.equal([taken?.operation, taken?.caller], ['AssumeRoleWithWebIdentity', 'anonymous']);
  assert.is(asked?.operation, 'GetCallerIdentity');
  assert.ok((await credentialsOf(undefined, process.env)).sessionToken);
});

test('a token of another subject is refused, and one that is over or unknown is a matter of logging in', async context => {
  await pipeline(context, 'repo:acme/another');
  assert.match(await who(), /AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity/);
  const token = await pipeline(context);
  token.expires = 1;
  assert.match(await who(), /^AWS_CREDENTIALS: .*ExpiredTokenException/);
  webTokensOf(context.aws.world).clear();
  assert.match(await who(), /^AWS_CREDENTIALS: .*InvalidIdentityToken/);
});

test('a token whose file is not there is said as that, and not as silence of AWS', async context => {
  await pipeline(context);
  process.env.AWS_WEB_IDENTITY_TOKEN_FILE = join(context.dir, 'nowhere');
  assert.match(await who(), /^AWS_CREDENTIALS: cannot ask AWS who we are: .*ENOENT.*nowhere/);
  assert.equal(context.aws.calls, []);
});

test.run();
