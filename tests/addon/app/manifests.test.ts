import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { appObjects } from '../../../lib/addon/app/manifests/app.ts';
import { USERS } from '../../../lib/addon/app/manifests/pods.ts';
import { type AppManifest, PASSWORDS, seedMark } from '../../../lib/addon/app/manifests/want.ts';
import type { KubeObject } from '../../../lib/engine/index.ts';
import { golden } from '../../cluster/golden.ts';

const WANT: AppManifest = {
  namespace: 'app',
  images: {
    postgres: 'muster.lab/postgres:000000000001',
    backend: 'muster.lab/app-backend:000000000002',
    frontend: 'muster.lab/app-frontend:000000000003',
  },
  storageClass: 'local-path',
  nodePort: 30443,
  seed: { users: 10000, avatars: 200 },
  heartbeat: 10_000,
  certificate: '0123456789abcdef',
};

interface Container {
  env?: { name: string; value: string }[];
  args?: string[];
  command?: string[];
  securityContext: object;
  imagePullPolicy: string;
  resources: { limits: { memory: string } };
  startupProbe?: { periodSeconds: number; failureThreshold: number };
}

interface Pod {
  name: string;
  spec: { automountServiceAccountToken: boolean; securityContext: { runAsUser: number }; containers: Container[] };
}

const everything = (want: AppManifest): KubeObject[] => Object.values(appObjects(want)).flat();

/** As they are after JSON, which is what the cluster gets. */
const pods = (want = WANT): Pod[] =>
  JSON.parse(JSON.stringify(everything(want)))
    .filter((object: { spec?: { template?: object } }) => object.spec?.template)
    .map((object: { metadata: { name: string }; spec: { template: Pod } }) => ({
      name: object.metadata.name,
      spec: object.spec.template.spec,
    }));

const containers = (): Container[] => pods().flatMap(({ spec }) => spec.containers);
const read = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');

const test = suite("the app's manifests");

test('are these', () => {
  const documents = everything(WANT).map(object => stringify(object, { aliasDuplicateObjects: false }));
  golden('addon/app.golden.yaml', documents.join('---\n'));
});

test('let no pod be root or write to its image, and none but the heartbeat talk to the cluster', () => {
  assert.is(pods().length, 6);
  for (const { name, spec } of pods()) assert.is(spec.automountServiceAccountToken, name === 'app-heartbeat');
  for (const { securityContext } of containers())
    assert.equal(securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    });
});

test("run each container as its image's user", () => {
  const users = Object.entries(USERS).map(([part, id]) => {
    const image = part === 'postgres' ? part : `app-${part}`;
    return [part, id, read(`images/${image}/Containerfile`).includes(`\nUSER ${id}:${id}\n`)];
  });
  assert.equal(users, [
    ['postgres', 5432, true],
    ['backend', 10001, true],
    ['frontend', 10002, true],
  ]);
  assert.equal(
    pods().map(({ name, spec }) => [name, spec.securityContext.runAsUser]),
    [
      ['postgres', USERS.postgres],
      ['app-migrate-000000000002', USERS.backend],
      ['app-seed-1-10000-200', USERS.backend],
      ['app-backend', USERS.backend],
      ['app-frontend', USERS.frontend],
      ['app-heartbeat', USERS.backend],
    ],
  );
});

test('let the heartbeat touch the one object that it writes, and nothing else of the cluster', () => {
  const roles = everything(WANT).filter(({ kind }) => /Role$/.test(kind));
  assert.equal(
    roles.map(({ kind, rules }) => [kind, rules]),
    [
      [
        'Role',
        [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['canary'], verbs: ['get', 'patch', 'create'] }],
      ],
    ],
  );
});

test('have no heartbeat without an interval', () => {
  const { heartbeat: _, ...without } = WANT;
  assert.equal(appObjects(without).heartbeat, []);
});

test('hold no Secret, and name passwords by their files only', () => {
  assert.equal(
    everything(WANT).filter(({ kind }) => kind === 'Secret'),
    [],
  );
  const words = containers().flatMap(({ env = [], args = [] }) => [...env.map(({ value }) => value), ...args]);
  assert.equal(
    words.filter(word => /password/i.test(word)),
    ['/secrets/postgres/password'],
  );
});

test("leave PostgreSQL's settings to its data directory: an argument would win over a restore's", () => {
  const postgres = pods().find(({ name }) => name === 'postgres')?.spec.containers[0];
  assert.is(postgres?.args, undefined);
  assert.is(postgres?.command, undefined);
});

test('keep the whole app well below 600 MiB, and give each server minutes to start under emulation', () => {
  const servers = containers().filter(({ startupProbe }) => startupProbe);
  assert.is(servers.length, 3);
  const memory = servers.map(({ resources }) => Number(/^(\d+)Mi$/.exec(resources.limits.memory)?.[1]));
  assert.ok(memory.reduce((a, b) => a + b) <= 520);
  const patience = servers.map(
    ({ startupProbe: probe }) => (probe?.periodSeconds ?? 0) * (probe?.failureThreshold ?? 0),
  );
  assert.ok(Math.min(...patience) >= 300, `${patience}`);
});

test('take images that are on the node', () => {
  assert.equal([...new Set(containers().map(({ imagePullPolicy }) => imagePullPolicy))], ['IfNotPresent']);
});

test('make another Job of another image or seed, and another pod of another certificate', () => {
  const names = (want: AppManifest) => pods(want).map(({ name }) => name);
  const images = { ...WANT.images, backend: 'muster.lab/app-backend:00000000000f' };
  assert.ok(names({ ...WANT, images }).includes('app-migrate-00000000000f'));
  assert.ok(names({ ...WANT, seed: { users: 5, avatars: 0 } }).includes('app-seed-1-5-0'));
  const frontend = (want: AppManifest) => JSON.stringify(appObjects(want).frontend);
  assert.is.not(frontend({ ...WANT, certificate: 'ff' }), frontend(WANT));
});

test('speak of roles and seeds as the backend does', () => {
  const settings = read('app/backend/users_api/settings.py');
  assert.equal(
    [...settings.matchAll(/^(?:SUPERUSER|OWNER|APP) = "(\w+)"$/gm)].map(([, role]) => role),
    Object.keys(PASSWORDS),
  );
  const version = /^VERSION = (\d+)$/m.exec(read('app/backend/users_api/seed_data.py'))?.[1];
  assert.is(seedMark({ users: 7, avatars: 3 }), `${version}-7-3`);
});

test.run();
