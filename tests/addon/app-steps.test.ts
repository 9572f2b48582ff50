import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { App } from '../../lib/addon/app/app.ts';
import { parseDatabase } from '../../lib/addon/app/database.ts';
import { neededMigration, readHealth } from '../../lib/addon/app/health.ts';
import { heartbeatStep } from '../../lib/addon/app/heartbeat.ts';
import { applied } from '../../lib/addon/app/parts.ts';
import { appSteps } from '../../lib/addon/app/steps.ts';
import type { AnyStep, ClusterApi, Ctx, KubeObject } from '../../lib/engine/index.ts';
import type { Provider } from '../../lib/host/provider.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { Secret, type SecretStore } from '../../lib/secret/index.ts';
import { memoryCluster } from './cluster-in-memory.ts';

const SITE = {
  name: 'somewhere',
  hosts: [],
  addons: { coredns: true, 'local-path': true, 'metrics-server': false },
  app: { users: 10, avatars: 2 },
} as Partial<Site> as Site;

const provider = { endpoint: async () => ({ address: '192.0.2.7', port: 30443 }) } as unknown as Provider;
const steps = (site = SITE) => appSteps(site, provider, async () => ({}));
const step = (id: string): AnyStep => {
  const found = steps().find(each => each.id === id);
  if (!found) throw new Error(`no step ${id}`);
  return found;
};

const IMAGES = { postgres: 'postgres:1', 'app-backend': 'backend:1', 'app-frontend': 'frontend:1' };
const test = suite("the app's steps");

test('wait for what they stand on and for nothing else', () => {
  const needs = Object.fromEntries(steps().map(({ id, needs: list = [] }) => [id, list.map(need => need.step)]));
  assert.equal(needs, {
    'app.namespace': ['cluster.ready'],
    'app.secrets': ['app.namespace', 'site-ca'],
    'app.database': ['cluster.ready', 'app.secrets', 'addon.local-path'],
    'app.backend': ['cluster.ready', 'app.secrets', 'addon.local-path'],
    'app.frontend': ['cluster.ready', 'app.secrets'],
    'app.migrate': ['app.database', 'app.backend', 'addon.coredns'],
    'app.seed': ['app.migrate'],
    'app.roles': ['app.migrate'],
    'app.answers': ['app.seed', 'app.roles', 'app.backend', 'app.frontend'],
  });
});

test('have a heartbeat where drills look for it, after the seed', () => {
  const drilled = { ...SITE, drills: { heartbeat: 10_000, proof: 1 } };
  const found = steps(drilled).find(({ id }) => id === 'app.heartbeat');
  assert.equal(
    found?.needs?.map(need => need.step),
    ['cluster.ready', 'app.seed'],
  );
});

for (const [title, canaries, open] of [
  ['no canary', undefined, ['no canary has been written yet']],
  ['a canary of half a minute ago', [{ number: 7, written: '2026-11-21T15:23:00.000Z', hash: 'x' }], []],
  [
    'a canary of five minutes ago',
    [{ number: 7, written: '2026-11-21T15:18:30.000Z', hash: 'x' }],
    ['the newest canary, 7, is 5 min 00 s old'],
  ],
] as const)
  test(`take ${title} for ${open.length === 0 ? 'a' : 'no'} sign of life`, async () => {
    const map: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'canary', namespace: 'app' },
      data: { 'canaries.json': JSON.stringify(canaries ?? []) },
    };
    const { api } = memoryCluster(...(canaries ? [map] : []));
    const clock = { now: () => Date.parse('2026-11-21T15:23:30.000Z') };
    const facts = await heartbeatStep(
      { site: SITE, seed: SITE.app, images: async () => IMAGES } as unknown as App,
      10_000,
      [],
    ).observe({
      target: { site: 'somewhere' },
      run: { verb: 'bootstrap' },
      cluster: async () => api,
      clock,
    } as unknown as Ctx);
    assert.equal((facts as { open: string[] }).open, open);
  });

test('are none without an app: what is there is not removed by a line that was deleted', () => {
  const { app: _, ...without } = SITE;
  assert.equal(steps(without as Site), []);
});

test('remove nothing but the namespace, which takes everything along', async () => {
  for (const each of steps().slice(1)) {
    const { want: _, ...removal } = each;
    // No port is given: a step that asked the cluster would throw.
    const facts = await (removal as AnyStep).observe({ run: { verb: 'destroy' } } as Ctx);
    assert.equal(removal.decide(undefined, facts), { is: 'done', reason: 'goes with its namespace' }, each.id);
  }
  const namespace = step('app.namespace');
  assert.is(namespace.destroys, true);
  const facts = { objects: [], extra: ['Namespace app'], open: [] };
  assert.equal(namespace.decide(undefined, facts), {
    is: 'changes',
    changes: [{ action: 'delete', what: 'Namespace app', grade: 'known' }],
  });
});

test('apply servers without waiting for them: they are ready once the data is in', () => {
  const facts = { objects: [{ name: 'Service app/app-backend', is: 'absent' }], extra: [], open: ['0 of 1 available'] };
  assert.equal(step('app.backend').decide({}, facts), {
    is: 'changes',
    changes: [{ action: 'create', what: 'Service app/app-backend', grade: 'known' }],
  });
  const there = { ...facts, objects: [{ name: 'Service app/app-backend', is: 'same' }] };
  assert.equal(applied(step('app.database')).decide({}, there), {
    is: 'done',
    reason: '1 objects as in their manifests',
  });
});

const secret = (name: string, values: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'app' },
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});

/** A cluster and a store that hold these. */
function world(live: KubeObject[], kept: Record<string, string>) {
  const applies: KubeObject[] = [];
  const api = {
    list: async () => live,
    get: async ({ name }: { name: string }) => live.find(({ metadata }) => metadata.name === name),
    apply: async (object: KubeObject) => {
      applies.push(object);
      return object;
    },
  } as unknown as ClusterApi;
  const secrets = {
    get: async (name: string) => (name in kept ? new Secret(kept[name] ?? '') : undefined),
    put: async (name: string, value: Secret) => {
      kept[name] = value.reveal();
    },
    generate: async (name: string) => {
      kept[name] ??= 'generated';
      return new Secret(kept[name]);
    },
  } as unknown as SecretStore;
  const ctx = {
    target: { site: 'somewhere', kind: 'cluster', name: 'somewhere' },
    run: { verb: 'bootstrap' },
    secrets,
    clock: { now: Date.now },
    cluster: async () => api,
    effect: async (_: unknown, effect: () => Promise<unknown>) => effect(),
  } as unknown as Ctx;
  return { ctx, applies, kept };
}

test('compare passwords and show none of them', async () => {
  const live = [
    secret('postgres-superuser', { password: 'alpha-in-both' }),
    secret('postgres-owner', { password: 'beta-in-cluster' }),
    secret('postgres-app', { password: 'gamma-in-cluster' }),
  ];
  const { ctx } = world(live, {
    'app/postgres-superuser-password': 'alpha-in-both',
    'app/postgres-owner-password': 'beta-kept',
  });
  const secrets = step('app.secrets');
  const facts = await secrets.observe(ctx);
  assert.equal(facts, {
    'postgres-superuser': 'good',
    'postgres-owner': 'different',
    'postgres-app': 'lost',
    'app-tls': 'absent',
  });
  assert.not.match(JSON.stringify([facts, secrets.decide(secrets.want, facts)]), /alpha|beta|gamma/);
});

test('take over a password that only the cluster has, for the database knows no other', async () => {
  const { ctx, applies, kept } = world([secret('postgres-app', { password: 'gamma-in-cluster' })], {});
  const secrets = step('app.secrets');
  const lost = { 'postgres-app': 'lost' };
  const decision = secrets.decide(secrets.want, lost);
  if (decision.is === 'changes') for (const change of decision.changes) await secrets.apply(change, ctx);
  assert.equal(kept, { 'app/postgres-app-password': 'gamma-in-cluster' });
  assert.equal(
    applies.map(({ data }) => data),
    [{ password: Buffer.from('gamma-in-cluster').toString('base64') }],
  );
});

test('read the database as psql prints it, and no half of an answer', () => {
  const none = { migration: null, seed: null, people: false };
  assert.equal(parseDatabase('read\n'), none);
  assert.equal(parseDatabase('migration 0001\nread\n'), { ...none, migration: '0001' });
  // max() of an empty table is NULL, an empty line.
  assert.equal(parseDatabase('migration 0003\n\npeople false\nread\n'), { ...none, migration: '0003' });
  assert.equal(parseDatabase('migration 0003\nseed 1-10-2\npeople true\nread\n'), {
    migration: '0003',
    seed: '1-10-2',
    people: true,
  });
  assert.is(parseDatabase('migration 0003\n'), undefined);
  assert.is(parseDatabase(''), undefined);
});

test('read health as the backend, nginx and anything else say it', () => {
  const database = { migration: '0003', users: 4, seed: '1-10-2' };
  const data = { migration: '0003', seed: '1-10-2', people: true };
  assert.equal(readHealth(200, JSON.stringify({ status: 'ok', database, avatars: { files: 1 } })), { data });
  assert.equal(readHealth(503, JSON.stringify({ status: 'unavailable', database, reason: 'volume' })), {
    problem: 'it answers 503: volume',
    data,
  });
  assert.equal(readHealth(503, '{"error":{"code":"backend_away"}}'), { problem: 'it answers 503: backend_away' });
  assert.equal(readHealth(200, '<html>'), { problem: 'it answers 200: no reason given' });
});

test("need the migration that the checkout's last file has", async () => {
  const root = join(import.meta.dirname, '../..');
  const numbered = readdirSync(join(root, 'app/migrations')).filter(name => /^\d/.test(name));
  assert.is(await neededMigration(root), `${numbered.length}`.padStart(4, '0'));
});

test.run();
