import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { locateFor } from '../../../lib/backup/velero/where.ts';
import type { KubeObject } from '../../../lib/engine/index.ts';

const volume = (spec: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pvc-1' }, spec }) as KubeObject;
const pod = (spec: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'wiki-0', uid: 'u-1' }, spec }) as KubeObject;
const affinity = (...values: string[]) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] }] },
});

const hosts = locateFor({ cluster: { kind: 'k3s', version: 'v1.36.4+k3s1' } });
const nodes = locateFor({ cluster: { kind: 'eks', version: '1.36', admins: [], nodes: [] } });
const on = pod({ nodeName: 'node-1' });
const folder = '/var/lib/kubelet/pods/u-1/volumes';

test('a folder of a host is looked into where it is, whether or not a pod mounts it', () => {
  const local = volume({ local: { path: '/data/1' }, nodeAffinity: affinity('server-1') });
  assert.equal(hosts(local, on), { host: 'server-1', path: '/data/1' });
  assert.equal(hosts(local), { host: 'server-1', path: '/data/1' });
});

test('on nodes where nobody logs in, it is looked into as it is mounted', () => {
  const local = volume({ local: { path: '/data/1' }, nodeAffinity: affinity('node-1') });
  assert.equal(nodes(local, on), { host: 'node-1', path: `${folder}/kubernetes.io~local-volume/pvc-1` });
  assert.equal(nodes(local), undefined);
  assert.equal(nodes(local, pod({})), undefined, 'a pod that has no node yet');
});

test('a volume of a driver lies on no host, and is mounted on one', () => {
  const ebs = volume({ csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' } });
  const mounted = { host: 'node-1', path: `${folder}/kubernetes.io~csi/pvc-1/mount` };
  assert.equal([hosts(ebs, on), nodes(ebs, on)], [mounted, mounted]);
  assert.equal(hosts(ebs), undefined);
});

test('a kind whose folder is not known is on no host', () => {
  assert.equal(hosts(volume({ iscsi: { iqn: 'x' } }), on), undefined);
});

test.run();
