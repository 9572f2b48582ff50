import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stateSteps } from '../../lib/backup/store/steps.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { twoCouldRun } from '../../lib/site/index.ts';
import { openBucket, openStore, type StoreAccess, sharedOf, storeAccess } from '../../lib/store/index.ts';
import { type StoreWorld, s3Place, storeWorld } from '../backup/store-world.ts';
import { startMoto } from '../servers/moto/moto.ts';
import { startRunner } from './lease-world.ts';

interface World {
  s3: StoreWorld;
  /** Without a backup. */
  site: Site;
  access: StoreAccess;
  close(): Promise<void>;
}

const siteWith = ({ site }: StoreWorld, store: object): Site => {
  const { backup: _, ...bare } = site;
  return { ...bare, state: { store } } as unknown as Site;
};

async function versitygw(): Promise<Pick<World, 's3' | 'site' | 'close'>> {
  const s3 = await storeWorld('shared-state');
  await s3.run();
  return { s3, site: siteWith(s3, await s3Place(s3, 'admin', 'state-of-site')), close: s3.close };
}

async function moto(): Promise<Pick<World, 's3' | 'site' | 'close'>> {
  const server = await startMoto();
  const s3 = await storeWorld('shared-state', { kind: 's3' });
  const { here: endpoint, ca = '', region, bucket, accessKey, secretKey } = server.access('state-of-site');
  const file = (name: string, text: string) => {
    const path = join(s3.project, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const keys = {
    accessKey: `file:${file('access', accessKey.reveal())}`,
    secretKey: `file:${file('secret', secretKey.reveal())}`,
  };
  const site = siteWith(s3, { kind: 's3', endpoint, region, bucket, ca: file('ca', ca), ...keys });
  return { s3, site, close: async () => void (await Promise.all([s3.close(), server.close()])) };
}

for (const [name, server, held] of [
  ['versitygw', versitygw, ['versioning', 'ownership']],
  ['moto', moto, ['versioning', 'ownership', 'public-access', 'encryption', 'lifecycle']],
] as const) {
  const test = suite<World>(`shared state on ${name}, of a site without a backup`);
  test.before(async context => {
    Object.assign(context, await server());
    const { site, s3 } = context;
    const deps = { dirs: { project: s3.project }, secrets: s3.secrets };
    context.access = await storeAccess(sharedOf(site) ?? site, 'site', deps);
  });
  test.after(({ close }) => close());

  test('has a bucket that is hardened as that of backups is, each setting read back; again nothing is to do', async context => {
    const { s3, site, access } = context;
    assert.equal((await s3.run(stateSteps(site))).changed, ['state.bucket site/shared-state']);
    const bucket = openBucket(access, s3.env);
    const settings = (await bucket.inspect()) ?? [];
    bucket.close();
    const states = settings.map(({ name, state }) => [name, state]);
    for (const setting of held)
      assert.ok(
        states.some(([name, state]) => name === setting && state === 'held'),
        setting,
      );
    assert.equal(
      states.filter(([, state]) => state !== 'held' && state !== 'unsupported'),
      [],
    );
    assert.equal((await s3.run(stateSteps(site))).changed, []);
  });

  test('of two processes exactly one proceeds, and the other names it', async ({ access, site, s3 }) => {
    const two = [1, 2].map(() => startRunner(access, { name: site.name, ttl: 60_000 }));
    try {
      const answers = await Promise.all(two.map(runner => runner.say('acquire')));
      const [won] = answers.filter(({ is }) => is === 'ok');
      const [refused] = answers.filter(({ is }) => is === 'LOCK_HELD');
      assert.match(refused?.message ?? JSON.stringify(answers), `as pid ${won?.pid} `);
      await Promise.all(two.map(runner => runner.say('release')));
    } finally {
      for (const runner of two) runner.kill('SIGKILL');
    }
    // And nothing else ever lies there.
    const store = openStore(access, s3.env);
    assert.equal(
      (await store.list('')).map(({ key }) => key),
      [`.muster/lease/${site.name}.json`],
    );
    store.close();
  });
  test.run();
}

const words = suite('whether two computers could run on a site');

words('is said of a site of AWS outside labs that has neither a store of backups nor shared state', () => {
  const site = { name: 'x', path: 'x.yaml', environment: 'staging', provider: { kind: 'ec2' } } as unknown as Site;
  const store = { kind: 's3' } as const;
  assert.match(twoCouldRun(site) ?? '', /^two computers could run on x at once: .* section state in x\.yaml/);
  for (const over of [
    { environment: 'lab' },
    { provider: { kind: 'existing' } },
    { state: { store } },
    { backup: { store } },
  ])
    assert.is(twoCouldRun({ ...site, ...over } as unknown as Site), undefined);
});

words.run();
