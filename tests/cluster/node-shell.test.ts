import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeShell, type Window } from '../../lib/cluster/index.ts';
import type { ClusterApi, ExecResult, KubeObject } from '../../lib/engine/index.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { Masker } from '../../lib/secret/index.ts';

const WINDOW = { namespace: 'velero', labelSelector: 'name=node-window', container: 'window' };
const pod = (name: string, nodeName: string, ready: boolean, more: object = {}): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...more } },
  ...{ spec: { nodeName }, status: { containerStatuses: [{ name: 'window', ready }] } },
});
const output = (text: string, dropped = 0) => ({ bytes: Buffer.from(text), text, dropped });

/** What a cluster with these pods is asked, and answers. */
function world(pods: KubeObject[], result: Partial<ExecResult> = {}, window: Window = WINDOW) {
  const asked: unknown[][] = [];
  const api = {
    list: async () => pods,
    exec: async (...args: unknown[]) => {
      asked.push(args);
      return { code: 0, signal: null, stdout: output('there\n'), stderr: output(''), ...result };
    },
  } as unknown as ClusterApi;
  return { asked, shell: nodeShell('node-2', window, async () => api, new Masker()) };
}

async function codeOf(act: Promise<unknown>): Promise<string> {
  try {
    await act;
  } catch (error) {
    if (isOpsError(error)) return error.code;
    throw error;
  }
  return 'none';
}

test('a script runs in the container of the node that is meant, with its arguments as they are', async () => {
  const { asked, shell } = world([pod('a', 'node-1', true), pod('b', 'node-2', true)]);
  assert.is(await shell.run({ script: 'ls -- "$1"', args: ['/a b'] }, { sudo: true, keep: 5 }), 'there\n');
  const at = { namespace: 'velero', name: 'b', container: 'window' };
  assert.equal(asked, [[at, ['sh', '-c', 'ls -- "$1"', 'sh', '/a b'], { keep: 5 }]]);
});

test('a command is given to what the window has for it, a script too', async () => {
  const { asked, shell } = world([pod('b', 'node-2', true)], {}, { ...WINDOW, through: ['nsenter', '--'] });
  await shell.run(['id']);
  await shell.run({ script: 'id' });
  assert.equal(
    asked.map(([, argv]) => argv),
    [
      ['nsenter', '--', 'id'],
      ['nsenter', '--', 'sh', '-c', 'id', 'sh'],
    ],
  );
});

test('a node of which no container is ready, or one on its way out, is not reached', async () => {
  const leaving = pod('b', 'node-2', true, { deletionTimestamp: '2026-11-29T00:00:00Z' });
  for (const pods of [[], [pod('a', 'node-1', true)], [pod('b', 'node-2', false)], [leaving]])
    assert.is(await codeOf(world(pods).shell.exec(['true'])), 'SHELL_UNREACHABLE');
});

test('any exit status is a result of exec, and none but 0 one of run; what was cut off is no answer', async () => {
  const pods = [pod('b', 'node-2', true)];
  assert.is((await world(pods, { code: 66 }).shell.exec(['false'])).code, 66);
  assert.is(await codeOf(world(pods, { code: 66 }).shell.run(['false'])), 'COMMAND_FAILED');
  assert.is(await codeOf(world(pods, { stdout: output('th', 3) }).shell.run(['true'])), 'COMMAND_FAILED');
});

test('nothing is changed through it', async () => {
  const { shell, asked } = world([pod('b', 'node-2', true)]);
  assert.is(await codeOf(shell.upload({ content: 'x' }, '/x', { mode: 0o644 })), 'INTERNAL');
  assert.is(await codeOf(shell.exec(['cat'], { stdin: 'x' })), 'INTERNAL');
  assert.equal(asked, []);
});

test.run();
