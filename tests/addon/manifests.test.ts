import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { corednsObjects } from '../../lib/addon/coredns/manifests/coredns.ts';
import { corefile } from '../../lib/addon/coredns/manifests/corefile.ts';
import { upstream } from '../../lib/addon/coredns/observe.ts';
import { localPathObjects } from '../../lib/addon/local-path/manifests/local-path.ts';
import { localVolumesOnly } from '../../lib/addon/local-path/observe.ts';
import { owned } from '../../lib/addon/manifest.ts';
import { metricsServerObjects } from '../../lib/addon/metrics-server/manifests/metrics-server.ts';
import type { ClusterApi, KubeObject } from '../../lib/engine/index.ts';
import { isOpsError } from '../../lib/errors/index.ts';

const MANIFESTS: Record<string, KubeObject[]> = {
  coredns: corednsObjects({ image: 'muster.lab/coredns:0', upstream: 'node' }),
  'local-path': localPathObjects({ image: 'muster.lab/local-path-provisioner:0', helperImage: 'muster.lab/busybox:0' }),
  'metrics-server': metricsServerObjects({ image: 'muster.lab/metrics-server:0' }),
};

for (const [name, objects] of Object.entries(MANIFESTS)) {
  test(`the manifests of ${name} are those that were read and agreed to`, () => {
    const file = join(import.meta.dirname, `../cases/addon/${name}.golden.yaml`);
    const text = objects.map(object => `---\n${stringify(object, { aliasDuplicateObjects: false })}`).join('');
    if (process.env.UPDATE === '1') writeFileSync(file, text);
    assert.fixture(text, readFileSync(file, 'utf8'));
  });
}

test('CoreDNS asks addresses when the node’s list cannot be used, and nobody when there is none', () => {
  assert.match(corefile(['10.0.0.2', '10.0.0.3']), /forward \. 10\.0\.0\.2 10\.0\.0\.3\n/);
  assert.not.match(corefile([]), /forward/);
});

test('a resolver on the node’s loopback is never asked from a pod: it would ask itself', () => {
  const node = (address: string) => `/etc/resolv.conf:nameserver ${address}\n`;
  const resolved = (address: string) => `/run/systemd/resolve/resolv.conf:nameserver\t${address}\n`;
  const parse = (...lines: string[]) => upstream.parse(lines.join(''), 0);
  assert.equal(parse(node('10.0.2.3')), 'node');
  assert.equal(parse(node('127.0.0.53'), resolved('10.0.2.3'), resolved('127.0.0.1')), ['10.0.2.3']);
  assert.equal(parse(node('127.0.0.1')), []);
  assert.equal(upstream.parse('', 0), []);
});

const objectOf = (kind: string, name: string) =>
  MANIFESTS['local-path']?.find(object => object.kind === kind && object.metadata.name === name);

test('the storage class makes local volumes and waits for the first consumer', () => {
  const found = objectOf('StorageClass', 'local-path');
  assert.is(found?.metadata.annotations?.defaultVolumeType, 'local');
  assert.is(found?.volumeBindingMode, 'WaitForFirstConsumer');
});

const cluster = (annotations: Record<string, string>, volume: object) =>
  ({
    get: async () => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local-path', annotations },
    }),
    list: async () => [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'pvc-1', annotations: { 'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path' } },
        spec: volume,
      },
    ],
  }) as unknown as ClusterApi;

test('a class that would make hostPath volumes is not accepted, whoever brought it', async () => {
  assert.equal(await localVolumesOnly(cluster({ defaultVolumeType: 'local' }, { local: { path: '/x' } })), []);
  assert.equal(await localVolumesOnly(cluster({}, { local: { path: '/x' } })), [
    'StorageClass local-path: makes hostPath volumes',
  ]);
});

test('a hostPath volume that is there already is an error: no backup reads it', async () => {
  const error = await localVolumesOnly(cluster({ defaultVolumeType: 'local' }, { hostPath: { path: '/x' } })).catch(
    e => e,
  );
  assert.ok(isOpsError(error, 'WORKLOAD_BROKEN'));
  assert.match(error.message, /pvc-1: hostPath, expected local/);
});

test('a field that a manifest no longer sets changes its stamp', () => {
  const object = (data: object): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data });
  const stamp = (data: object) => owned(object(data), 'a').metadata.annotations?.['muster.lab/manifest'];
  assert.is.not(stamp({ a: '1', b: '2' }), stamp({ a: '1' }));
  assert.is(stamp({ a: '1' }), stamp({ a: '1' }));
});

test.run();
