import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectCluster } from '../../lib/cluster/index.ts';
import type { KubeObject } from '../../lib/engine/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { type Answer, type Answers, deadPort, kubeconfigText, thrown, withApi } from './strict-api.ts';

const MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'settings' };
const OURS: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default', labels: { 'app.kubernetes.io/managed-by': 'muster' } },
  data: { colour: 'green' },
};
const PATH = '/api/v1/namespaces/default/configmaps/settings';

const times = (asked: string[], entry: string) => asked.filter(line => line === entry).length;

test('a read that meets 429 and 500 is asked again and then answered', async () => {
  const statuses = [429, 500, 503];
  const http: Answers['http'] = ({ path }) => {
    if (path !== PATH) return undefined;
    const status = statuses.shift();
    return status ? { status, body: { message: 'busy' } } : { status: 200, body: OURS };
  };
  await withApi({ http }, async ({ api, asked }) => {
    assert.equal((await api.get(MAP))?.data, { colour: 'green' });
    assert.is(times(asked, `GET ${PATH}`), 4);
  });
});

test('a 500 that stays is CLUSTER_REFUSED with the words of the API, within its attempts', async () => {
  const http: Answers['http'] = ({ path }) =>
    path === PATH ? { status: 500, body: { message: 'etcd is away' } } : undefined;
  await withApi({ http }, async ({ api, asked }) => {
    const error = await thrown(() => api.get(MAP));
    assert.is(error.code, 'CLUSTER_REFUSED');
    assert.match(error.message, /cannot GET .*settings of lab: 500 etcd is away/);
    // Three before it is known to answer at all.
    assert.is(times(asked, `GET ${PATH}`), 3 + 7);
  });
});

test('a write that the API answers with 500 is not made twice', async () => {
  const http: Answers['http'] = ({ method }) =>
    method === 'PATCH' ? { status: 500, body: { message: 'oops' } } : undefined;
  await withApi({ http }, async ({ api, asked }) => {
    assert.is((await thrown(() => api.apply(OURS))).code, 'CLUSTER_REFUSED');
    assert.is(times(asked, `PATCH ${PATH}`), 1);
  });
});

test('an API that is too busy to say is asked again, for a write too, and is then unreachable: it refused nothing', async () => {
  let busy = 2;
  const http: Answers['http'] = ({ method }) =>
    method === 'PATCH' && busy-- > 0 ? { status: 504, body: { message: 'deadline exceeded' } } : undefined;
  await withApi({ http }, async ({ api, asked }) => {
    await api.apply(OURS).catch(() => undefined);
    assert.is(times(asked, `PATCH ${PATH}`), 3);
    busy = 99;
    assert.is((await thrown(() => api.apply(OURS))).code, 'CLUSTER_UNREACHABLE');
  });
});

test('a connection that is reset, or cut inside a reply, is made again', async () => {
  const faults: Answer[] = ['reset', 'cut'];
  const http: Answers['http'] = ({ path }) => {
    if (path !== PATH) return undefined;
    return faults.shift() ?? { status: 200, body: OURS };
  };
  await withApi({ http }, async ({ api }) => assert.is((await api.get(MAP))?.metadata.name, 'settings'));
});

test('an API that does not listen is CLUSTER_UNREACHABLE and exits 2', async () => {
  await withApi({}, async ({ kubeconfig }) => {
    const port = await deadPort();
    writeFileSync(kubeconfig, readFileSync(kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`));
    const context = { clock: systemClock, signal: new AbortController().signal, random: () => 0 };
    const api = await connectCluster(kubeconfig, 'lab', context);
    const error = await thrown(() => api.list({ apiVersion: 'v1', kind: 'Node' }));
    assert.is(error.code, 'CLUSTER_UNREACHABLE');
    assert.is(error.exit, 2);
    assert.match(error.message, new RegExp(`127.0.0.1:${port}.*ECONNREFUSED`));
  });
});

test('another cluster at the same port is refused, not asked again', async () => {
  await withApi({}, async ({ kubeconfig, asked, port }) => {
    await withApi({}, async other => {
      const theirs = readFileSync(other.kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`);
      writeFileSync(kubeconfig, theirs, { mode: 0o600 });
      const context = { clock: systemClock, signal: new AbortController().signal, random: () => 0 };
      const api = await connectCluster(kubeconfig, 'lab', context);
      const error = await thrown(() => api.raw('/readyz'));
      assert.is(error.code, 'CLUSTER_REFUSED');
      assert.match(error.message, /cannot trust the API of lab/);
      assert.equal(asked, []);
    });
  });
});

test('/readyz says which check failed, and is asked once', async () => {
  const body = '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n';
  await withApi({ http: () => ({ status: 500, body }) }, async ({ api, asked }) => {
    const error = await thrown(() => api.raw('/readyz'));
    assert.match(error.message, /500 \[-\]etcd failed: reason withheld$/);
    assert.is(asked.length, 1);
  });
});

test('kinds of another server’s that the API cannot tell just now are named', async () => {
  const group = (name: string, ...versions: [string, string][]) => ({
    metadata: { name },
    versions: versions.map(([version, freshness]) => ({ version, freshness })),
  });
  const items = [group('apps', ['v1', 'Current']), group('metrics.k8s.io', ['v1', 'Current'], ['v1beta1', 'Stale'])];
  const http: Answers['http'] = ({ path, accept }) => {
    if (path !== '/apis') return undefined;
    // Asked as usual, it answers with names alone.
    return { status: 200, body: accept.includes('as=APIGroupDiscoveryList') ? { items } : { groups: [] } };
  };
  await withApi({ http }, async ({ api }) => assert.equal(await api.stale(), ['metrics.k8s.io/v1beta1']));
  await withApi({ http: () => ({ status: 200, body: {} }) }, async ({ api }) => {
    assert.is((await thrown(() => api.stale())).code, 'CLUSTER_REFUSED');
  });
});

test('a conflict on an object of ours is drift and is forced; on another hand’s object it is refused', async () => {
  const live = { ...OURS, metadata: { ...OURS.metadata, labels: {} } };
  const forced: (string | null)[] = [];
  const answers = (object: KubeObject): Answers => ({
    http: ({ method, path, query }) => {
      if (path !== PATH) return undefined;
      if (method === 'GET') return { status: 200, body: object };
      forced.push(query.get('force'));
      return query.get('force') === 'true'
        ? { status: 200, body: OURS }
        : { status: 409, body: { message: 'conflict with "kubectl-edit"' } };
    },
  });
  await withApi(answers(OURS), async ({ api }) => void (await api.apply(OURS)));
  assert.equal(forced, ['false', 'true']);
  await withApi(answers(live), async ({ api }) => {
    const error = await thrown(() => api.apply(OURS));
    assert.match(error.message, /cannot apply ConfigMap settings: conflict with "kubectl-edit"/);
  });
  assert.equal(forced, ['false', 'true', 'false']);
});

test('a list follows the pages, names each object’s kind, and is empty for a kind that is not installed', async () => {
  const item = (name: string) => ({ metadata: { name } });
  const http: Answers['http'] = ({ path, query }) => {
    if (path === '/apis/velero.io/v1') return { status: 404, body: { message: 'not found' } };
    if (path !== '/api/v1/nodes') return undefined;
    const next = query.get('continue');
    const page =
      next === 'p2' ? { items: [item('b')], metadata: {} } : { items: [item('a')], metadata: { continue: 'p2' } };
    return { status: 200, body: page };
  };
  await withApi({ http }, async ({ api, asked }) => {
    const [nodes = []] = await Promise.all([1, 2].map(() => api.list({ apiVersion: 'v1', kind: 'Node' })));
    assert.equal(
      nodes.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      ['Node a', 'Node b'],
    );
    assert.equal(await api.list({ apiVersion: 'velero.io/v1', kind: 'Backup' }), []);
    assert.is(times(asked, 'GET /api/v1'), 0);
  });
});

test('of a kind whose definition went since it was found there is nothing', async () => {
  const kinds = [{ name: 'backups', kind: 'Backup', namespaced: true }];
  const http: Answers['http'] = ({ path }) =>
    path === '/apis/velero.io/v1' ? { status: 200, body: { resources: kinds } } : { status: 404, body: {} };
  await withApi({ http }, async ({ api }) =>
    assert.equal(await api.list({ apiVersion: 'velero.io/v1', kind: 'Backup' }), []),
  );
});

test('where a kind lies is asked once for all of its group, until one is missed; of Kubernetes’ own it is known', async () => {
  const kinds = [{ name: 'backups', kind: 'Backup', namespaced: true }];
  const http: Answers['http'] = ({ path }) =>
    path === '/apis/velero.io/v1'
      ? { status: 200, body: { resources: kinds } }
      : { status: 200, body: { items: [], metadata: {} } };
  await withApi({ http }, async ({ api, asked }) => {
    const of = { apiVersion: 'velero.io/v1', namespace: 'velero' };
    await Promise.all([1, 2].map(() => api.list({ ...of, kind: 'Backup' })));
    assert.is(times(asked, 'GET /apis/velero.io/v1'), 1);
    assert.equal(await api.list({ ...of, kind: 'Restore' }), []);
    kinds.push({ name: 'restores', kind: 'Restore', namespaced: true });
    await api.list({ ...of, kind: 'Restore' });
    await api.list({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' });
    await api.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'app' });
    assert.equal(asked.slice(-4), [
      'GET /apis/velero.io/v1',
      'GET /apis/velero.io/v1/namespaces/velero/restores',
      'GET /apis/storage.k8s.io/v1/storageclasses',
      'GET /api/v1/namespaces/app/pods',
    ]);
  });
});

test('scaling touches the scale of a workload and no other field of it', async () => {
  const seen: unknown[] = [];
  const http: Answers['http'] = ({ method, path, body }) => {
    if (path === '/apis/apps/v1')
      return { status: 200, body: { resources: [{ name: 'statefulsets', kind: 'StatefulSet', namespaced: true }] } };
    seen.push([method, path, body]);
    return { status: 200, body: {} };
  };
  await withApi({ http }, ({ api }) =>
    api.scale({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'app', name: 'postgres' }, 0),
  );
  assert.equal(seen, [
    ['PATCH', '/apis/apps/v1/namespaces/app/statefulsets/postgres/scale', '{"spec":{"replicas":0}}'],
  ]);
});

test('a kubeconfig that others can read, or of another context, is refused before anything is sent', async () => {
  await withApi({}, async ({ kubeconfig, asked }) => {
    const context = { clock: systemClock, signal: new AbortController().signal, random: () => 0 };
    chmodSync(kubeconfig, 0o644);
    const open = await thrown(() => connectCluster(kubeconfig, 'lab', context));
    assert.is(open.code, 'KUBECONFIG_REFUSED');
    assert.match(open.message, /mode 644, expected 600/);
    chmodSync(kubeconfig, 0o600);
    writeFileSync(kubeconfig, kubeconfigText(1, Buffer.from(''), 'production'));
    assert.match(
      (await thrown(() => connectCluster(kubeconfig, 'lab', context))).message,
      /"production", expected "lab"/,
    );
    const absent = await thrown(() => connectCluster(`${kubeconfig}.no`, 'lab', context));
    assert.is(absent.code, 'CLUSTER_NO_KUBECONFIG');
    assert.equal(asked, []);
  });
});

test.run();
