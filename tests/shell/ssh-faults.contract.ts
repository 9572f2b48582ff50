import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createSshKeyPair } from '../../lib/secret/index.ts';
import { startSshd } from '../servers/sshd.ts';
import { refusal, withShells } from './local-shells.ts';
import { type Hurting, withProxy, withSshd } from './ssh-shells.ts';

const test = suite('ssh faults');
const portOf = (address: string | AddressInfo | null) => (address && typeof address === 'object' ? address.port : 0);

/** A command that is seen to run, and then its connection is hurt. */
async function hurtWhileRunning({ shell, sshd }: Hurting, hurt: () => void) {
  const script = 'echo begun; sleep 1; echo done >"$1"; sleep 30';
  return refusal(shell.exec(['sh', '-c', script, 'sh', join(sshd.dir, 'effect')], { onLine: hurt, timeout: 20_000 }));
}

for (const [name, hurt] of Object.entries({
  'a host that says good-bye (FIN)': ({ proxy }: Hurting) => proxy.fin(),
  'a connection that is reset (RST)': ({ proxy }: Hurting) => proxy.rst(),
  'a path that falls silent': ({ proxy }: Hurting) => proxy.hurt({ stalled: true }),
})) {
  test(`${name} in mid-command is an unknown outcome, listed with host and pid, and the next command connects anew`, async () => {
    await withProxy(async all => {
      const { shell, shells, proxy } = all;
      const error = await hurtWhileRunning(all, () => hurt(all));
      assert.is(error.code, 'SHELL_LOST');
      assert.is(error.exit, 2);
      assert.match(
        error.message,
        /^cannot run sh -c .* on web-1: the connection broke: .*; what became of it is not known$/,
      );
      assert.equal(error.details, ['begun']);
      const [left] = shells.stillRunning();
      assert.is(left?.host, 'web-1');
      proxy.hurt({ stalled: false });
      assert.is(await shell.run({ script: 'kill -0 "$1" && echo runs', args: [String(left?.pid)] }), 'runs\n');
    });
  });

  test(`${name} while nothing runs hurts nobody: the next command connects anew`, async () => {
    await withProxy(async all => {
      const { shell, shells, proxy } = all;
      await shell.run(['true']);
      hurt(all);
      setTimeout(() => proxy.hurt({ stalled: false }), 150);
      assert.is(await shell.run(['echo', 'again']), 'again\n');
      assert.is(proxy.accepted(), 2);
      assert.equal(shells.stillRunning(), []);
    });
  });
}

test('a connection that is cut in the middle of an upload leaves the old file whole and removes the rest', async () => {
  await withProxy(async ({ shell, sshd, proxy }) => {
    const target = join(sshd.dir, 'file');
    const file = join(sshd.dir, 'source');
    writeFileSync(file, Buffer.alloc(32_000_000));
    await shell.upload({ content: 'old' }, target, { mode: 0o644 });
    const arrived = () => readdirSync(sshd.dir).filter(name => name.startsWith('.upload-'));
    let cut = false;
    const onBytes = () => {
      if (cut || !arrived().some(name => existsSync(join(sshd.dir, name, 'new')))) return;
      cut = true;
      proxy.rst();
    };
    const error = await refusal(shell.upload({ file }, target, { mode: 0o644, onBytes }));
    assert.is(error.code, 'SHELL_LOST');
    assert.ok(cut);
    while (arrived().length > 0) await new Promise(resolve => setTimeout(resolve, 20));
    assert.is(readFileSync(target, 'utf8'), 'old');
  });
});

test('a session that a host closes without an exit status is unknown, although the connection lives', async () => {
  const pair = await createSshKeyPair('host');
  const server = new ssh2.Server({ hostKeys: [pair.privateKey.reveal()] }, client => {
    client.on('error', () => {});
    client.on('authentication', context => context.accept());
    client.on('session', accept => accept().on('exec', run => run().close()));
  });
  const port = await new Promise<number>(resolve =>
    server.listen(0, '127.0.0.1', () => resolve(portOf(server.address()))),
  );
  const target = { address: '127.0.0.1', port, user: 'root', identity: pair.privateKey, hostKey: pair.publicKey };
  await withShells({ connect: async () => target }, async shells => {
    const error = await refusal((await shells.shell('odd')).exec(['true']));
    assert.is(error.code, 'SHELL_LOST');
    assert.match(error.message, /the host closed the session without an exit status/);
  });
  await new Promise(resolve => server.close(resolve));
});

test('a timeout on a silent path is unknown, not ended: it says that the command could not be stopped', async () => {
  await withProxy(async all => {
    const { shell, shells, proxy } = all;
    const stalled = () => proxy.hurt({ stalled: true });
    const error = await refusal(shell.exec(['sh', '-c', 'echo begun; sleep 30'], { timeout: 150, onLine: stalled }));
    assert.is(error.code, 'SHELL_LOST');
    assert.is(shells.stillRunning().length, 1);
  });
});

test('another host key is refused before the login, with both fingerprints, and what is known is not changed', async () => {
  const other = await createSshKeyPair('other');
  const change = <T extends object>(target: T) => ({ ...target, hostKey: other.publicKey });
  await withProxy(
    async ({ shell, sshd, proxy }) => {
      const error = await refusal(shell.run(['true']));
      assert.is(error.code, 'HOST_KEY_CHANGED');
      assert.is(error.exit, 4);
      assert.match(
        error.message,
        /web-1 \(root@127\.0\.0\.1:\d+\): it shows the host key ssh-ed25519 SHA256:\S{43}, known is ssh-ed25519 SHA256:\S{43}$/,
      );
      assert.is(new Set(error.message.match(/SHA256:\S{43}/g)).size, 2);
      assert.match(error.hint, /ssh-keygen -lf/);
      assert.is(proxy.accepted(), 1);
      assert.not.match(sshd.log(), /publickey/);
    },
    { change },
  );
});

test('a host key of another type than the known one is refused too, and what is no key is said to be none', async () => {
  const ecdsa = `ecdsa-sha2-nistp256 ${Buffer.concat([Buffer.from([0, 0, 0, 19]), Buffer.from('ecdsa-sha2-nistp256'), Buffer.alloc(80)]).toString('base64')}`;
  for (const [hostKey, says] of [
    [ecdsa, /shows the host key ssh-ed25519 SHA256:\S+, known is ecdsa-sha2-nistp256 SHA256:/],
    ['', /is no OpenSSH public key/],
    ['ssh-ed25519 AAAA', /is no OpenSSH public key/],
  ] as const) {
    await withProxy(
      async ({ shell }) => {
        const error = await refusal(shell.run(['true']));
        assert.is(error.code, 'HOST_KEY_CHANGED');
        assert.match(error.message, says);
      },
      { change: target => ({ ...target, hostKey }) },
    );
  }
});

test('a refused login, a closed port, a silent host and an unknown name say which they are, within their time', async () => {
  const stranger = await createSshKeyPair('stranger');
  await withProxy(async ({ shell }) => assert.is((await refusal(shell.run(['true']))).code, 'SSH_AUTH_REFUSED'), {
    change: target => ({ ...target, identity: stranger.privateKey }),
  });
  await withProxy(async ({ shell, proxy }) => {
    proxy.hurt({ stalled: true });
    const error = await refusal(shell.run(['true']));
    assert.is(error.code, 'SHELL_UNREACHABLE');
    assert.match(error.message, /cannot reach web-1 \(root@127\.0\.0\.1:\d+\): it said nothing for 1\.0 s/);
  });
  const greeter = createServer(socket => socket.on('error', () => {}).write('SSH-2.0-and_no_more\r\n')).listen(
    0,
    '127.0.0.1',
  );
  await once(greeter, 'listening');
  const port = portOf(greeter.address());
  await withProxy(
    async ({ shell }) => assert.match((await refusal(shell.run(['true']))).message, /no answer in 3\.0 s/),
    { change: target => ({ ...target, port }) },
  );
  greeter.close();
  for (const [change, says] of [
    [{ port: 1 }, /ECONNREFUSED/],
    [{ address: 'no-such-host.invalid' }, /ENOTFOUND|EAI_AGAIN/],
  ] as const) {
    await withProxy(
      async ({ shell }) => {
        const error = await refusal(shell.run(['true']));
        assert.is(error.code, 'SHELL_UNREACHABLE');
        assert.match(error.message, says);
      },
      { change: target => ({ ...target, ...change }) },
    );
  }
});

test('an attempt to connect that nobody waits for any more does not hold up the next one', async () => {
  await withProxy(async ({ shell, proxy }) => {
    proxy.hurt({ stalled: true });
    const given = await shell.run(['true'], { signal: AbortSignal.timeout(200) }).catch(error => error);
    assert.is(given.name, 'TimeoutError');
    proxy.hurt({ stalled: false });
    const start = performance.now();
    assert.is(await shell.run(['echo', 'up']), 'up\n');
    // The first attempt would have hung for 3 s.
    assert.ok(performance.now() - start < 2500, `${performance.now() - start} ms`);
  });
});

test('a server that is full drops connections before the login: these are tried again, but not for ever', async () => {
  await withProxy(async ({ shell, proxy }) => {
    proxy.hurt({ drop: 2 });
    assert.is(await shell.run(['echo', 'in']), 'in\n');
    assert.is(proxy.accepted(), 3);
    proxy.rst();
    proxy.hurt({ drop: 1000 });
    assert.is((await refusal(shell.run(['true']))).code, 'SHELL_UNREACHABLE');
    assert.is(proxy.accepted(), 6);
  });
});

test('a jump host carries the connection, its key is checked too, and its loss is named as the one cause', async () => {
  const jump = await startSshd();
  try {
    await withSshd({}, async (_, sshd) => {
      const via = jump.target();
      const connect = async (host: string) => ({
        ...sshd.target(),
        via: host === 'spoofed' ? { ...via, hostKey: sshd.hostKey } : via,
      });
      await withShells({ connect }, async shells => {
        const [first, second] = [await shells.shell('web-1'), await shells.shell('web-2')];
        assert.match(await first.run({ script: 'echo "$SSH_CONNECTION"' }), /^127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+\n$/);
        const spoofed = await refusal((await shells.shell('spoofed')).run(['true']));
        assert.is(spoofed.code, 'HOST_KEY_CHANGED');
        assert.match(spoofed.message, /the jump host of spoofed/);
        const work = [first, second].map(shell => refusal(shell.exec(['sleep', '30'])));
        while (shells.stillRunning().length < 2) await new Promise(resolve => setTimeout(resolve, 20));
        await jump.stop();
        for (const error of await Promise.all(work)) {
          assert.is(error.code, 'SHELL_LOST');
          assert.match(error.message, /the jump host was lost/);
        }
      });
    });
  } finally {
    await jump.stop();
  }
});

test.run();
