import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { controlPlaneRenew } from '../../../lib/backup/control-plane/renew.ts';
import type { Site } from '../../../lib/inventory/index.ts';

const test = suite('what the copy of a datastore says of before');

const STARTED = Date.parse('2026-11-29T20:36:30Z');
const site = {
  name: 'unit',
  hosts: [{ name: 'server-1', role: 'server' }],
  backup: { sources: ['velero', 'control-plane'] },
} as unknown as Site;

const backup = (name: string, at: string, phase?: string) => ({
  ...{ apiVersion: 'velero.io/v1', kind: 'Backup', status: { phase } },
  metadata: { name, namespace: 'velero', creationTimestamp: at },
});

test('backups that were under way when it was copied are forgotten, since the next one would wait for them', async () => {
  const removed: string[] = [];
  let all = [
    backup('ended', '2026-11-29T20:35:00Z', 'Completed'),
    backup('running', '2026-11-29T20:36:01Z', 'InProgress'),
    backup('waiting', '2026-11-29T20:36:02Z', 'Queued'),
    backup('new', '2026-11-29T20:36:01Z'),
    // Of a run that goes on: begun after the datastore came back.
    backup('mine', '2026-11-29T20:36:40Z', 'InProgress'),
  ];
  const api = {
    list: async ({ kind }: { kind: string }) => (kind === 'Backup' ? all : []),
    get: async ({ name }: { name: string }) => all.find(({ metadata }) => metadata.name === name),
    async remove({ name }: { name: string }) {
      removed.push(name);
      all = all.filter(({ metadata }) => metadata.name !== name);
    },
  };
  const ctx = {
    target: { site: 'unit' },
    cluster: async () => api,
    shell: async () => ({ run: async () => `${STARTED / 1000}\n` }),
    effect: (_: unknown, act: () => Promise<unknown>) => act(),
    wait: async ({ probe }: { probe(): Promise<unknown> }) => probe(),
  } as never;
  const step = controlPlaneRenew(site);
  const decided = step.decide({}, await step.observe(ctx));
  if (decided.is !== 'changes') throw new Error(`it is ${decided.is}`);
  for (const change of decided.changes) await step.apply(change, ctx);
  assert.equal(removed, ['running', 'waiting', 'new']);
  assert.is(step.decide({}, await step.observe(ctx)).is, 'done');
});

test.run();
