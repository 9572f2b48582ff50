import { buffer } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { OpsError } from '../../lib/errors/index.ts';
import { type Answers, thrown, withApi } from './strict-api.ts';

const pod = { namespace: 'app', name: 'postgres-0' };
const frame = (channel: number, bytes: Uint8Array | string) =>
  Buffer.concat([Buffer.of(channel), typeof bytes === 'string' ? Buffer.from(bytes) : bytes]);
/** As the kubelet begins each channel. */
const port = Buffer.from(Uint16Array.of(5432).buffer);

test('a port of a pod carries bytes both ways, without the numbers and channels of the protocol', async () => {
  const long = Buffer.alloc(300_000, 7);
  let ports: string[] = [];
  let got = Buffer.alloc(0);
  const dial: Answers['dial'] = (socket, query) => {
    ports = query.getAll('ports');
    socket.send(frame(0, port));
    socket.send(frame(1, port));
    socket.on('message', (data: Buffer) => {
      assert.is(data[0], 0);
      got = Buffer.concat([got, data.subarray(1)]);
      if (got.length < long.length) return;
      socket.send(frame(0, Buffer.of(0, 1, 255)));
      socket.send(frame(0, 'and more'));
      socket.close();
    });
  };
  await withApi({ dial }, async ({ api, asked }) => {
    const stream = await api.dial(pod, 5432);
    stream.write(long);
    assert.equal(await buffer(stream), Buffer.concat([Buffer.of(0, 1, 255), Buffer.from('and more')]));
    assert.ok(asked.includes('DIAL /api/v1/namespaces/app/pods/postgres-0/portforward'));
  });
  assert.equal([ports, got.equals(long)], [['5432'], true]);
});

test('what the kubelet says of a port on which nothing listens ends the stream, in its words', async () => {
  const dial: Answers['dial'] = socket => {
    socket.send(frame(0, port));
    socket.send(frame(1, port));
    socket.send(frame(1, 'connection refused'));
  };
  await withApi({ dial }, async ({ api }) => {
    const stream = await api.dial(pod, 5432);
    const error = (await thrown(() => buffer(stream))) as OpsError;
    assert.is(error.code, 'SHELL_LOST');
    assert.match(error.message, /cannot reach port 5432 of app\/postgres-0 of lab: connection refused/);
  });
});

test('a stream that is ended here is closed there', async () => {
  let closed: () => void = () => undefined;
  const there = new Promise<void>(resolve => {
    closed = resolve;
  });
  await withApi({ dial: socket => socket.on('close', () => closed()) }, async ({ api }) => {
    const stream = await api.dial(pod, 5432);
    stream.end();
    await there;
  });
});

test.run();
