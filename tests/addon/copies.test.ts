import { test } from 'uvu';
import { equal } from 'uvu/assert';
import { KINDS, liveObjects, owned } from '../../lib/addon/manifest.ts';
import type { ClusterApi, KubeObject } from '../../lib/engine/index.ts';

const service = (namespace: string): KubeObject =>
  owned({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'app-backend', namespace } }, 'app');
const namespaceOf = (name: string): KubeObject =>
  owned({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, 'app');

test('what a restore put beside its original has its labels, and is none of the add-on: nothing of it is removed', async () => {
  const all = ['app', 'app-restored'].flatMap(name => [namespaceOf(name), service(name)]);
  const api = {
    list: async ({ kind }: { kind: string }) => all.filter(one => one.kind === kind),
  } as unknown as ClusterApi;
  equal(await liveObjects(api, 'app', KINDS), [namespaceOf('app'), service('app')]);
});

test.run();
