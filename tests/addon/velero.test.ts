import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { owned } from '../../lib/addon/manifest.ts';
import { definitions } from '../../lib/addon/velero/manifests/crds.ts';
import { locationObjects } from '../../lib/addon/velero/manifests/location.ts';
import { namespaceObject, serverObjects } from '../../lib/addon/velero/manifests/velero.ts';
import { canBackUp, established } from '../../lib/addon/velero/observe.ts';
import { veleroSteps } from '../../lib/addon/velero/steps.ts';
import type { AnyStep, Ctx, KubeObject } from '../../lib/engine/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { Secret, type SecretStore } from '../../lib/secret/index.ts';
import { memoryCluster } from './cluster-in-memory.ts';

const test = suite('Velero on a cluster');

const access = {
  here: 'https://127.0.0.1:7443',
  there: 'https://10.0.2.2:7443',
  region: 'us-east-1',
  bucket: 'muster-lab',
  ca: '-----BEGIN CERTIFICATE-----\n',
  accessKey: new Secret('an-access-key'),
  secretKey: new Secret('a-secret-key'),
};
const location = (mode: 'ReadWrite' | 'ReadOnly') =>
  locationObjects({ access, repositoryPassword: new Secret('a-password'), mode });

test('has the manifests that were read and agreed to', () => {
  const images = { velero: 'muster.lab/velero:0', plugin: 'muster.lab/velero-plugin-for-aws:0' };
  const objects = [namespaceObject(), ...location('ReadWrite'), ...serverObjects(images)];
  const text = objects.map(object => `---\n${stringify(object, { aliasDuplicateObjects: false })}`).join('');
  const file = join(import.meta.dirname, '../cases/addon/velero.golden.yaml');
  if (process.env.UPDATE === '1') writeFileSync(file, text);
  assert.fixture(text, readFileSync(file, 'utf8'));
});

test('is told its kinds as its own program prints them', async () => {
  const all = await definitions();
  assert.is(all.length, 13);
  assert.ok(all.every(({ kind, status }) => kind === 'CustomResourceDefinition' && status === undefined));
  const names = all.map(({ metadata }) => metadata.name);
  assert.ok(names.includes('podvolumerestores.velero.io') && names.includes('datauploads.velero.io'));
});

test('reads only where it is a rehearsal', () => {
  const mode = (objects: KubeObject[]) => (objects.at(-1)?.spec as { accessMode?: string } | undefined)?.accessMode;
  assert.equal([mode(location('ReadWrite')), mode(location('ReadOnly'))], ['ReadWrite', 'ReadOnly']);
});

test('has secrets whose hash stands nowhere', () => {
  const marked = location('ReadWrite').map(object => owned(object, 'velero'));
  const stamps = marked.map(({ metadata }) => metadata.annotations?.['muster.lab/manifest'] !== undefined);
  assert.equal(stamps, [false, false, true]);
});

const status = (kind: string, name: string, is: object, metadata: object = {}): KubeObject => ({
  apiVersion: kind === 'BackupStorageLocation' ? 'velero.io/v1' : 'v1',
  kind,
  metadata: { name, ...metadata },
  status: is,
});
const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
const bucket = (is: object) => status('BackupStorageLocation', 'default', is, { namespace: 'velero' });
const agent = (node: string, is: object = ready): KubeObject => ({
  ...status('Pod', `agent-${node}`, is, { namespace: 'velero', labels: { name: 'node-agent' } }),
  spec: { nodeName: node },
});

test('works when it has seen its bucket and every node has an agent', async () => {
  const nodes = [status('Node', 'one', {}), status('Node', 'two', {})];
  const open = (...objects: KubeObject[]) => canBackUp(memoryCluster(...nodes, ...objects).api);
  const available = bucket({ phase: 'Available' });
  assert.equal(await open(available, agent('one'), agent('two')), []);
  assert.equal(await open(available, agent('one'), agent('two', {})), ['node two: no node-agent is ready']);
  assert.equal(await open(bucket({ phase: 'Unavailable', message: 'NoSuchBucket' }), agent('one'), agent('two')), [
    'BackupStorageLocation velero/default: Unavailable (NoSuchBucket)',
  ]);
  assert.equal(await open(bucket({}), agent('one'), agent('two')), [
    'BackupStorageLocation velero/default: not looked at yet',
  ]);
});

test('waits for kinds of which objects can be made', async () => {
  const labels = { 'app.kubernetes.io/name': 'velero-kinds', 'app.kubernetes.io/managed-by': 'muster' };
  const kind = (name: string, is: string) =>
    status('CustomResourceDefinition', name, { conditions: [{ type: 'Established', status: is }] }, { labels });
  assert.equal(await established(memoryCluster(kind('a', 'True'), kind('b', 'False')).api), [
    'CustomResourceDefinition b: not established',
  ]);
});

const site = { name: 'test', cluster: { kind: 'k3s' } } as Site;
const images = async () => ({ velero: 'v', 'velero-plugin-for-aws': 'p' });
const steps = (mode: 'ReadWrite' | 'ReadOnly' = 'ReadWrite'): AnyStep[] =>
  veleroSteps(site, { access: async () => access, mode }, images);

test('cannot be planned before its key is there: Velero would make the one of everybody', async () => {
  const velero = steps()[2];
  const secrets = { get: async () => undefined } as unknown as SecretStore;
  const ctx = { target: velero?.target, run: { verb: 'bootstrap' }, secrets, cluster: async () => memoryCluster().api };
  const error = await velero?.observe(ctx as unknown as Ctx).catch((thrown: { code: string }) => thrown.code);
  assert.is(error, 'SECRET_MISSING');
});

test('takes the password over when only the cluster has it', async () => {
  const key = steps()[1];
  const held = Buffer.from('of-the-backups').toString('base64');
  const live: KubeObject = {
    ...status('Secret', 'velero-repo-credentials', {}, { namespace: 'velero' }),
    data: { 'repository-password': held },
  };
  const kept: Record<string, string> = {};
  const ctx = {
    target: key?.target,
    secrets: {
      get: async () => undefined,
      put: async (name: string, value: Secret) => {
        kept[name] = value.reveal();
      },
    },
    cluster: async () => memoryCluster(live).api,
    effect: async (_: unknown, act: () => Promise<unknown>) => act(),
  } as unknown as Ctx;
  const decision = key?.decide(key.want, await key.observe(ctx));
  assert.is(decision?.is, 'changes');
  if (decision?.is === 'changes') for (const change of decision.changes) await key?.apply(change, ctx);
  assert.equal(kept, { 'backup/kopia-password': 'of-the-backups' });
});

test.run();
