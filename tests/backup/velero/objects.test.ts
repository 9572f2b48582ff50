import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backupObject } from '../../../lib/backup/velero/backup-spec.ts';
import { coveredBy } from '../../../lib/backup/velero/claims.ts';
import { backupKnown, volumeKnown } from '../../../lib/backup/velero/known.ts';
import { backupName } from '../../../lib/backup/velero/names.ts';
import { factOf, readArchive } from '../../../lib/backup/velero/objects.ts';
import { restoreObjects } from '../../../lib/backup/velero/restore-spec.ts';
import type { KubeObject } from '../../../lib/engine/index.ts';
import { makeShells } from '../../shell/local-shells.ts';

const test = suite("objects of Velero's backup");

const object = (kind: string, name: string, spec: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: kind === 'Deployment' || kind === 'StatefulSet' ? 'apps/v1' : 'v1',
  kind,
  metadata: { name, namespace: 'app', ...metadata },
  spec,
});
const hash = (of: KubeObject) => factOf(of)?.sha256;

const before = object(
  'Service',
  'web',
  { clusterIP: '10.43.0.1', clusterIPs: ['10.43.0.1'], selector: { a: 'b' }, ports: [{ port: 80, nodePort: 30080 }] },
  { uid: '1', resourceVersion: '5', creationTimestamp: 'then', labels: { x: 'y' }, managedFields: [{}] },
);

test('are the same after a restore though the cluster gave them other numbers', () => {
  const after = {
    ...before,
    metadata: {
      ...before.metadata,
      uid: '2',
      labels: { x: 'y', 'velero.io/backup-name': 'b', 'velero.io/restore-name': 'r' },
      annotations: { 'velero.io/x': '1', 'pv.kubernetes.io/bind-completed': 'yes' },
    },
    spec: { clusterIP: '10.43.9.9', selector: { a: 'b' }, ports: [{ port: 80, nodePort: 31000 }] },
    status: { loadBalancer: {} },
  };
  assert.is(hash(after), hash(before));
});

test('differ by what a person wrote', () => {
  const changed = { ...before, spec: { ...(before.spec as object), selector: { a: 'c' } } };
  assert.is.not(hash(changed), hash(before));
  const data: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'app' },
    data: { a: 'x' },
  };
  assert.is.not(hash({ ...data, data: { a: 'y' } }), hash(data));
});

test('are the same in a namespace beside their own', () => {
  const bound = (namespace: string): KubeObject => ({
    ...object('RoleBinding', 'b', {}, { namespace }),
    subjects: [
      { kind: 'ServiceAccount', name: 'a', namespace },
      { kind: 'ServiceAccount', name: 'a', namespace: 'kube-system' },
    ],
  });
  assert.is(hash(bound('app')), hash(bound('copy')));
});

test('count their replicas, but of what a restore keeps down', () => {
  const scaled = (name: string, replicas: number) => hash(object('StatefulSet', name, { replicas }));
  assert.is(scaled('postgres', 0), scaled('postgres', 1));
  assert.is.not(scaled('other', 0), scaled('other', 1));
});

test('are no facts when another object makes them', () => {
  assert.is(factOf(object('Pod', 'web-1')), undefined);
  assert.is(factOf(object('ConfigMap', 'kube-root-ca.crt')), undefined);
  assert.is(factOf(object('ConfigMap', 'x', {}, { ownerReferences: [{ kind: 'Thing' }] })), undefined);
});

test('are read from the archive once each, of the declared namespaces only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-objects-'));
  const shells = makeShells();
  const put = (path: string, content: KubeObject) => {
    mkdirSync(dirname(join(folder, 'in', path)), { recursive: true });
    writeFileSync(join(folder, 'in', path), JSON.stringify(content));
  };
  try {
    const other = { ...object('ConfigMap', 'x'), metadata: { name: 'x', namespace: 'kube-system' } };
    put('resources/services/namespaces/app/web.json', before);
    put('resources/services/v1-preferredversion/namespaces/app/web.json', before);
    put('resources/configmaps/namespaces/kube-system/x.json', other);
    put('resources/namespaces/cluster/app.json', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'app' } });
    put('resources/persistentvolumes/cluster/v.json', {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'v' },
    });
    const archive = execFileSync('tar', ['-czf', '-', '-C', join(folder, 'in'), 'resources']);
    const facts = await readArchive(archive, ['app'], { shell: await shells.shell('localhost'), scratch: folder });
    assert.equal(
      facts.map(({ kind, name }) => `${kind} ${name}`),
      ['Namespace app', 'Service web'],
    );
  } finally {
    await shells.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('come back without pods of Jobs, of the heartbeat and of what postgres covers, and with the database down', () => {
  assert.is(backupName('20261121T152300Z-1f2e3d4c'), 'muster-20261121t152300z-1f2e3d4c');
  // A selector of the Backup does not hold: a running pod comes in with its claim.
  assert.is(
    (backupObject({ name: 'b', namespaces: ['app'] }).spec as Record<string, unknown>).labelSelector,
    undefined,
  );
  const covered = coveredBy(['postgres']);
  const [modifiers, restore] = restoreObjects({
    name: 'r',
    backup: 'b',
    namespaces: ['app'],
    covered,
    mapping: { app: 'copy' },
  });
  assert.match(
    JSON.stringify(modifiers?.data),
    /statefulsets\.apps.*\^postgres\$.*- app.*replicas.*0.*deployments\.apps.*\^app-heartbeat\$.*- app/,
  );
  const { namespaceMapping, resourceModifier, orLabelSelectors } = (restore?.spec ?? {}) as Record<string, unknown>;
  assert.equal([namespaceMapping, resourceModifier], [{ app: 'copy' }, { kind: 'ConfigMap', name: 'r' }]);
  // A pod of others may have the name and the part of one of ours: it comes back with its volume.
  assert.equal(orLabelSelectors, [
    {
      matchExpressions: [
        { key: 'batch.kubernetes.io/job-name', operator: 'DoesNotExist' },
        { key: 'app.kubernetes.io/component', operator: 'NotIn', values: ['heartbeat'] },
        { key: 'statefulset.kubernetes.io/pod-name', operator: 'NotIn', values: ['postgres-0'] },
      ],
    },
    {
      matchExpressions: [
        { key: 'batch.kubernetes.io/job-name', operator: 'DoesNotExist' },
        { key: 'app.kubernetes.io/part-of', operator: 'NotIn', values: ['users'] },
      ],
    },
  ]);
  // Where Velero takes the database too, nothing else would wake it.
  const [whole] = restoreObjects({ name: 'r', backup: 'b', namespaces: ['app'], covered: [] });
  assert.not.match(JSON.stringify(whole?.data), /statefulsets/);
});

test('are made known to a rebuilt cluster as Velero would, without what the source cluster gave them', () => {
  const metadata = {
    name: 'b',
    uid: 'old',
    resourceVersion: '7',
    managedFields: [{}],
    labels: { a: 'b' },
    annotations: null,
  };
  const found = {
    metadata,
    spec: {
      hooks: { resources: [] },
      includedNamespaces: ['app'],
      resourcePolicy: { apiGroup: null, kind: 'configmap' },
    },
    status: { phase: 'Completed' },
  };
  assert.equal(backupKnown(found), {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name: 'b', namespace: 'velero', labels: { a: 'b', 'velero.io/storage-location': 'default' } },
    spec: { includedNamespaces: ['app'], resourcePolicy: { kind: 'configmap' }, storageLocation: 'default' },
    status: { phase: 'Completed' },
  });
  const owner = { apiVersion: 'velero.io/v1', kind: 'Backup', name: 'b', uid: 'new', controller: true };
  const volume = {
    metadata: { name: 'v', labels: { 'velero.io/backup-uid': 'old' } },
    spec: {},
    status: { phase: 'Completed' },
  };
  assert.equal(volumeKnown(volume, 'b', 'new').metadata, {
    name: 'v',
    namespace: 'velero',
    labels: { 'velero.io/backup-uid': 'new' },
    ownerReferences: [owner],
  });
});

test.run();
