import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { veleroTake } from '../../../lib/backup/velero/take.ts';
import type { Change, ClusterApi, Ctx, KubeObject } from '../../../lib/engine/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import { seconds, systemClock, type Wait, wait } from '../../../lib/time/index.ts';

const site = { name: 'lab', backup: { sources: ['velero'], namespaces: ['app'] } } as unknown as Site;
const CHANGE: Change = { action: 'create', what: 'Backup velero/muster-1', grade: 'known' };

/** What was done to an API whose answers about staleness are these, one after the other and then the last again. */
async function taken(...answers: string[][]): Promise<string[]> {
  const done: string[] = [];
  const stale = async () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    done.push(`stale: ${answer}`);
    return answer ?? [];
  };
  const apply = async (object: KubeObject) => {
    done.push(object.kind);
    return object;
  };
  const { signal } = new AbortController();
  const ctx = {
    target: { site: site.name, kind: 'cluster', name: site.name },
    store: async () => ({}),
    cluster: async () => ({ stale, apply }) as unknown as ClusterApi,
    effect: (_: Change, act: () => Promise<void>) => act(),
    wait: <T>(spec: Wait<T>) => wait({ ...spec, every: 5, deadline: seconds(0.2) }, { clock: systemClock, signal }),
  } as unknown as Ctx;
  const step = veleroTake(site, '1').find(({ id }) => id === 'velero.take');
  await step?.apply(CHANGE, ctx).catch(error => done.push(error.code));
  return done;
}

test('a backup begins when the API knows every kind: one that it cannot tell would make it a partial one', async () => {
  const metrics = ['metrics.k8s.io/v1beta1'];
  assert.equal(await taken(metrics, []), ['stale: metrics.k8s.io/v1beta1', 'stale: ', 'Backup']);
  const never = await taken(metrics);
  assert.is(never.at(-1), 'WAIT_TIMEOUT');
  assert.not.ok(never.includes('Backup'));
});

test.run();
