import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ourObject } from '../../lib/cluster/index.ts';
import type { ClusterApi, KubeObject } from '../../lib/engine/index.ts';

const ref = { apiVersion: 'v1', kind: 'Secret', namespace: 'app', name: 'key' };
const object = (namespace: string, value: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'key', namespace },
  data: { value },
});

/** What is asked, and what was found. */
async function asked(ours: KubeObject[], there?: KubeObject) {
  const questions: unknown[] = [];
  const api = {
    list: async (query: unknown) => {
      questions.push(query);
      return ours;
    },
    get: async (one: unknown) => {
      questions.push(one);
      return there;
    },
  } as unknown as ClusterApi;
  return { found: (await ourObject(api, ref))?.data, questions };
}

const OURS = { apiVersion: 'v1', kind: 'Secret', labelSelector: 'app.kubernetes.io/managed-by=muster' };

test('an object of ours is found among all of its kind, by its namespace too', async () => {
  const { found, questions } = await asked([object('other', 'theirs'), object('app', 'ours')]);
  assert.equal([found, questions], [{ value: 'ours' }, [OURS]]);
});

test('one that is not among them is asked for by itself: it may be there without our label', async () => {
  const { found, questions } = await asked([object('other', 'theirs')], object('app', 'unlabelled'));
  assert.equal([found, questions], [{ value: 'unlabelled' }, [OURS, ref]]);
  assert.is((await asked([])).found, undefined);
});

test.run();
