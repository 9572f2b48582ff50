import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  openBucket,
  openStore,
  proveDenials,
  type Role,
  rolePolicies,
  type StoreAccess,
  type StoreEnv,
  tryToErase,
} from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { storeWorld } from '../backup/store-world.ts';
import { startMoto } from '../servers/moto/moto.ts';
import { makeUser } from '../servers/moto/users.ts';

const env: StoreEnv = { clock: systemClock, signal: new AbortController().signal, random: Math.random };
const ROLES = ['site', 'reader', 'admin'] as const;

interface World {
  roles: Record<Role, StoreAccess>;
  close(): Promise<void>;
}

/** Users of IAM with the policies that muster writes, which are enforced. */
async function moto(): Promise<World> {
  const server = await startMoto();
  const policies = rolePolicies(server.access('history'));
  const users = await Promise.all(
    ROLES.map(async role => [role, server.access('history', await makeUser(server, role, policies[role]))] as const),
  );
  await server.rights(true);
  const roles = Object.fromEntries(users) as World['roles'];
  const bucket = openBucket(roles.admin, env, { lock: 14 });
  await bucket.harden();
  bucket.close();
  return { roles, close: server.close };
}

/** Its own users, by the bucket's policy. */
async function versitygw(): Promise<World> {
  const world = await storeWorld('store-roles');
  await world.run();
  const roles = await Promise.all(ROLES.map(async role => [role, await world.access(role)] as const));
  return { roles: Object.fromEntries(roles) as World['roles'], close: world.close };
}

/** moto 5.2.5 takes a retention for an upload, and asks for s3:PutObject. What AWS asks for, the policy denies. */
const LACKS_OF_MOTO = ['shorten the retention of a version'];

for (const [name, server, lacks] of [
  ['versitygw', versitygw, []],
  ['moto', moto, LACKS_OF_MOTO],
] as const) {
  const history = suite<World>(`the history of a bucket on ${name}`);
  history.before(async context => {
    Object.assign(context, await server());
  });
  history.after(({ close }) => close());

  history(
    'is erased by none of the ways that the keys of a site know, and comes back where it was hidden',
    async of => {
      const store = openStore(of.roles.site, env);
      const { key, versionId = '' } = await store.put('sets/1/manifest.json', 'the manifest');
      const { tried, whole } = await tryToErase(of.roles.site, { key, versionId }, env);
      assert.equal(
        tried.filter(({ refused }) => refused === undefined).map(({ what }) => what),
        lacks,
      );
      assert.ok(tried.length > 10 && whole);
      assert.is(Buffer.from((await store.get(key)) ?? '').toString(), 'the manifest');
      console.log(tried.map(({ what, refused }) => `${name}: ${what}: ${refused}`).join('\n'));
      store.close();
    },
  );

  history('roles may do what they are for, and no more', async ({ roles }) => {
    await proveDenials(roles, env);
    const reader = openStore(roles.reader, env);
    assert.ok((await reader.list('sets/')).length > 0);
    assert.is(await reader.put('sets/x', 'x').then(String, ({ code }) => code), 'STORE_REFUSED');
    reader.close();
  });

  history('keys that may erase it are found out', async ({ roles }) => {
    const error = await proveDenials({ ...roles, site: roles.admin }, env).then(String, thrown => thrown);
    assert.is(error.code, 'STORE_UNSAFE', error.message);
    assert.match(error.message, 'remove a version');
  });
  history.run();
}
