import { createHash, createHmac } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCredentials } from '../../lib/cluster/api/credentials.ts';
import { tokenWanted } from '../../lib/cluster/eks/site-token.ts';
import { signToken, tokenSource } from '../../lib/cluster/eks/token.ts';
import { renderKubeconfig } from '../../lib/cluster/kubeconfig/render.ts';
import { minutes } from '../../lib/time/index.ts';

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const SESSION = { ...KEYS, sessionToken: 'IQoJb3JpZ2luX2VjE//////////wEa+CXV/ZXN0==' };
const NOW = Date.UTC(2026, 10, 27, 23, 59, 30, 123);
const WANT = { cluster: 'production', region: 'eu-central-1' };

const urlOf = (token: string) => {
  assert.match(token, /^k8s-aws-v1\.[A-Za-z0-9_-]+$/);
  return Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString();
};

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** The signature once more, from AWS's description of version 4, by another hand than the library's. */
function signatureOf(url: URL, secret: string): string {
  const [, date = '', region = '', service = ''] = (url.searchParams.get('X-Amz-Credential') ?? '').split('/');
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const nothing = createHash('sha256').update('').digest('hex');
  const headers = `host:${url.host}\nx-k8s-aws-id:production\n`;
  const canonical = ['GET', '/', query, headers, 'host;x-k8s-aws-id', nothing].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', url.searchParams.get('X-Amz-Date'), scope, hash].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}

test('the token is a request to STS with the fields that the authenticator of EKS allows, and no other', async () => {
  const { token, expires } = await signToken(WANT, SESSION, NOW);
  const url = new URL(urlOf(token));
  assert.is(url.origin, 'https://sts.eu-central-1.amazonaws.com');
  assert.is(url.pathname, '/');
  const { 'X-Amz-Signature': signature, ...fields } = Object.fromEntries(url.searchParams);
  assert.equal(fields, {
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20261127/eu-central-1/sts/aws4_request',
    'X-Amz-Date': '20261127T235930Z',
    'X-Amz-Expires': '60',
    'X-Amz-Security-Token': SESSION.sessionToken,
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
  });
  assert.is(signature, signatureOf(url, KEYS.secretAccessKey));
  assert.is(expires, NOW + minutes(14));
  assert.ok(token.length <= 4096);
});

test('another cluster of the same identity has another signature: a token opens one cluster', async () => {
  const [one, other] = await Promise.all(
    ['production', 'staging'].map(cluster => signToken({ ...WANT, cluster }, KEYS, NOW)),
  );
  assert.is.not(one?.token, other?.token);
  assert.is(new URL(urlOf(other?.token ?? '')).searchParams.has('X-Amz-Security-Token'), false);
});

test('China has domains of its own', async () => {
  const { token } = await signToken({ ...WANT, region: 'cn-north-1' }, KEYS, NOW);
  assert.is(new URL(urlOf(token)).host, 'sts.cn-north-1.amazonaws.com.cn');
});

test('a token is used until a minute before its end, and one that could not be made is no answer for the next', async () => {
  let now = 0;
  let made = 0;
  const source = tokenSource(
    async at => {
      made++;
      if (made === 1) throw new Error('no credentials yet');
      return { token: `t${made}`, expires: at + minutes(14) };
    },
    () => now,
  );
  await source().then(assert.unreachable, error => assert.match(error.message, /no credentials yet/));
  assert.is(await source(), 't2');
  now = minutes(13) - 1;
  assert.is(await source(), 't2');
  now = minutes(13) + 1;
  assert.is(await source(), 't3');
});

test('the kubeconfig of an EKS site starts muster for kubectl, and in muster itself no other process', async () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: '/x/muster',
    args: ['eks-token', '--site', 'a'],
  };
  const text = renderKubeconfig({ server: 'https://a', ca: 'Q0E=', user: { exec } }, 'a', 'source');
  assert.not.match(text, /token:|client-key|k8s-aws-v1/);
  const found = await readCredentials(text, async () => 'made-here');
  assert.equal(await found.headers(), { authorization: 'Bearer made-here' });
  assert.is(found.context, 'a');
});

test('it is for the cluster that the inventory names, or for the one of the site', async () => {
  const of = (more: string) => `site: {name: shop}\nprovider: {region: eu-central-1}\ncluster: {kind: eks${more}}\n`;
  assert.equal(await tokenWanted(of('')), { cluster: 'shop', region: 'eu-central-1' });
  assert.equal(await tokenWanted(of(', existing: platform')), { cluster: 'platform', region: 'eu-central-1' });
});

test.run();
