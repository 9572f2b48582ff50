import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { k3sReadyStep } from '../../lib/cluster/k3s/ready.ts';
import { type ClusterApi, makePlan } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { newEnv, newWorld } from '../engine/world.ts';

const version = 'v1.36.3+k3s-lab';
const site = { name: 'test', hosts: [{ name: 'server-1' }], cluster: { kind: 'k3s', version } } as unknown as Site;
const node = (status: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'server-1' },
  status: { conditions: [{ type: 'Ready', status, reason: 'Kubelet' }], nodeInfo: { kubeletVersion: version } },
});
const refused = () => Promise.reject(new OpsError('CLUSTER_REFUSED', 'cannot GET /readyz: 500 etcd failed'));
const unreachable = () => Promise.reject(new OpsError('CLUSTER_UNREACHABLE', 'cannot GET /readyz: ECONNREFUSED'));

/** What a plan says of a cluster that answers one look after the other so, the last for ever; time passes in sleeps only. */
async function planned(...looks: (() => Promise<ReturnType<typeof node>[]>)[]) {
  let now = 0;
  let asked = 0;
  const look = () => looks[Math.min(asked, looks.length) - 1] ?? unreachable;
  const api = {
    raw: async () => {
      asked++;
      await look()();
    },
    list: () => look()(),
  } as unknown as ClusterApi;
  const env = newEnv(newWorld(), '/nowhere');
  const sleep = async (ms: number) => {
    now += ms;
  };
  const clock = { ...env.ports.clock, monotonic: () => now, sleep };
  const step = { ...k3sReadyStep(site), needs: [] };
  const plan = await makePlan([step], { ...env, ports: { ...env.ports, clock, cluster: async () => api } });
  return { decision: plan.items[0]?.decision, asked, seconds: now / 1000 };
}

test('a cluster that says no for a moment is ready: nothing is planned', async () => {
  for (const first of [refused, async () => [node('False')], async () => []]) {
    const { decision } = await planned(first, async () => [node('True')]);
    assert.is(decision?.is, 'done');
  }
});

test('one that goes on saying no is waited for in the run, not in the plan, which says what is missing', async () => {
  const { decision, seconds } = await planned(async () => [node('False')]);
  assert.is(decision?.is, 'changes');
  assert.match(JSON.stringify(decision), /node server-1 is not Ready \(Kubelet\)/);
  assert.ok(seconds >= 5 && seconds <= 10, `${seconds} s`);
});

test('one that does not answer is asked once: it is stopped, or not there', async () => {
  const { decision, asked, seconds } = await planned(unreachable);
  assert.is(decision?.is, 'changes');
  assert.is(asked, 1);
  assert.is(seconds, 0);
});

test("a kubelet that took the controllers' empty name for its own is started once more, and once only", async () => {
  const why =
    'failed to initialize CSINode: error updating CSINode annotation: caused by: resource name may not be empty';
  const nameless = node('False');
  nameless.status.conditions = [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: why }] as never;
  const ran: string[] = [];
  const mended = async (looks: ReturnType<typeof node>[]) => {
    const api = { raw: async () => '', list: async () => [looks.shift() ?? node('True')] };
    const ctx = {
      target: { site: 'test' },
      cluster: async () => api,
      shell: async (host: string) => ({ run: async (argv: string[]) => void ran.push(`${host}: ${argv.join(' ')}`) }),
      progress: () => undefined,
      effect: (_: unknown, act: () => Promise<unknown>) => act(),
      wait: async ({ probe }: { probe(): Promise<object> }) => {
        for (;;) if ('value' in (await probe())) return;
      },
    };
    await k3sReadyStep(site).apply({ action: 'run', what: 'wait', grade: 'known' }, ctx as never);
  };
  await mended([node('False'), node('False')]);
  assert.equal(ran, []);
  await mended([nameless, nameless, node('False')]);
  assert.equal(ran, ['server-1: systemctl restart --no-block k3s']);
});

test.run();
