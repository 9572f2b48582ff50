import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Site } from '../../lib/inventory/index.ts';
import type { SecretStore } from '../../lib/secret/index.ts';
import { hasRoles, type Role, storeAccess } from '../../lib/store/index.ts';

const pair = (role: string) => ({ accessKey: `env:${role}_ID`, secretKey: `env:${role}_SECRET` });
const siteWith = (more: object): Site =>
  ({
    name: 'shop',
    path: '/inventories/shop.yaml',
    provider: { kind: 'existing' },
    backup: {
      store: { kind: 's3', endpoint: 'https://s3.test', region: 'eu-central-1', bucket: 'b', ...pair('SITE'), ...more },
    },
  }) as unknown as Site;
const deps = { dirs: { project: '/none' }, secrets: {} as SecretStore };
const keyOf = async (site: Site, role: Role) => (await storeAccess(site, role, deps)).accessKey.reveal();

test.before(() => {
  for (const role of ['SITE', 'READER', 'ADMIN'])
    Object.assign(process.env, { [`${role}_ID`]: `id-of-${role}`, [`${role}_SECRET`]: `secret-of-${role}` });
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/none',
    AWS_SHARED_CREDENTIALS_FILE: '/none',
  });
});

test('each role has its own keys of an s3 store, and one that has none has those of the site', async () => {
  const whole = siteWith({ reader: pair('READER'), admin: pair('ADMIN') });
  for (const role of ['site', 'reader', 'admin'] as const)
    assert.is(await keyOf(whole, role), `id-of-${role.toUpperCase()}`);
  assert.is(hasRoles(whole), true);
  const plain = siteWith({ reader: pair('READER') });
  assert.is(await keyOf(plain, 'admin'), 'id-of-SITE');
  assert.is(hasRoles(plain), false);
});

test('machines reach a store by the address that they see', async () => {
  const { here, there } = await storeAccess(siteWith({ inside: 'https://10.0.2.2:9000' }), 'site', deps);
  assert.equal([here, there], ['https://s3.test', 'https://10.0.2.2:9000']);
});

test("the owner of the bucket may be whom AWS's own chain names, with keys that expire", async () => {
  const site = siteWith({ reader: pair('READER'), admin: 'aws' });
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'ASIA',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_SESSION_TOKEN: 'for-an-hour',
  });
  const { accessKey, token } = await storeAccess(site, 'admin', deps);
  assert.equal([accessKey.reveal(), token?.reveal()], ['ASIA', 'for-an-hour']);
  assert.is((await storeAccess(site, 'site', deps)).token, undefined);
});

test('without anybody in the chain it says so, and asks no server', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) delete process.env[name];
  const error = await storeAccess(siteWith({ admin: 'aws' }), 'admin', deps).then(String, thrown => thrown);
  assert.is(error.code, 'AWS_CREDENTIALS', error.message);
});

test.run();
