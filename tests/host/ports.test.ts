import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keptPorts, writeIdentity } from '../../lib/host/identity.ts';
import { portHolder } from '../../lib/host/port-holder.ts';
import { chooseForwards, isFree } from '../../lib/host/ports.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { identity, inState, refusal } from './world.ts';

const site = (ports?: { ssh?: number; api?: number; web?: number }) =>
  ({ name: 'test', provider: { kind: 'qemu', accelerator: 'auto', ...(ports && { ports }) } }) as unknown as Site;

/** Listens on a port of this computer's choice, or on the given one. */
async function listening<T>(act: (port: number) => Promise<T>, host = '127.0.0.1'): Promise<T> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  const address = server.address();
  try {
    return await act(typeof address === 'object' && address ? address.port : 0);
  } finally {
    await new Promise(resolve => server.close(resolve));
  }
}

test('the holder of a port is named with its pid, on any address', async () => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::1'])
    await listening(
      async port => assert.match((await portHolder(port)) ?? '', new RegExp(`\\(pid ${process.pid}\\)`)),
      host,
    );
});

test('a port that nobody has is free, and has no holder', async () => {
  const port = await listening(async port => port);
  assert.ok(await isFree(port));
  assert.is(await portHolder(port), undefined);
});

test('a port that the inventory names and another process has is refused: which, and by whom', () =>
  listening(async port => {
    assert.not(await isFree(port));
    const error = await refusal(chooseForwards(site({ api: port }), new Set()));
    assert.is(error.code, 'PORT_TAKEN');
    assert.match(error.message, new RegExp(`${port}.*provider\\.ports\\.api.*pid ${process.pid}`));
  }));

test('ports that the inventory leaves out are found, free and different', async () => {
  const { ssh, api, web } = await chooseForwards(site(), new Set());
  assert.is(new Set([ssh, api, web]).size, 3);
  for (const port of [ssh, api, web]) assert.ok(await isFree(port), `${port}`);
});

test('a port that a machine of another site keeps is left to it, though that machine is off', () =>
  inState(async (_, root) => {
    const first = await chooseForwards(site(), new Set());
    await writeIdentity(join(root, 'other'), { ...identity, forwards: first });
    await mkdir(join(root, 'mine'));
    const second = await chooseForwards(site(), await keptPorts(join(root, 'mine')));
    const both = [...Object.values<number>({ ...first }), ...Object.values<number>({ ...second })];
    assert.is(new Set(both).size, 6, `${both}`);
  }));

test('ports that the inventory names are taken as they are', async () => {
  const wanted = await listening(async ssh => listening(async api => listening(async web => ({ ssh, api, web }))));
  assert.equal(await chooseForwards(site(wanted), new Set()), wanted);
});

test.run();
