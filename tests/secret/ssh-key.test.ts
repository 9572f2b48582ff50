import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createSshKeyPair } from '../../lib/secret/index.ts';

const test = suite<{ dir: string }>('ssh key');
test.before.each(context => {
  context.dir = mkdtempSync(join(tmpdir(), 'muster-ssh-key-'));
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true }));

test('OpenSSH reads the private key and finds the same public key in it', async ({ dir }) => {
  // Several, because a key that begins with a zero byte is where writers of this format go wrong.
  for (let round = 0; round < 20; round++) {
    const pair = await createSshKeyPair('muster lab/server-1');
    const file = join(dir, `key-${round}`);
    writeFileSync(file, pair.privateKey.reveal(), { mode: 0o600 });
    const found = execFileSync('ssh-keygen', ['-y', '-P', '', '-f', file], { encoding: 'utf8' });
    assert.is(found.trim(), pair.publicKey);
    assert.match(pair.publicKey, /^ssh-ed25519 [A-Za-z0-9+/]{68} muster lab\/server-1$/);
    assert.match(
      pair.privateKey.reveal(),
      /^-----BEGIN OPENSSH PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END OPENSSH PRIVATE KEY-----\n$/,
    );
  }
});

test('every pair is whole: none of 2000 lacks the zero byte at its front, as one in 256 of ssh2 does', async () => {
  for (let round = 0; round < 2000; round++) {
    assert.match((await createSshKeyPair('x')).publicKey, /^ssh-ed25519 [A-Za-z0-9+/]{68} x$/);
  }
});

test('what the private key signs, the public key of the line verifies', async () => {
  const pair = await createSshKeyPair('x');
  const [signer, verifier] = [ssh2.utils.parseKey(pair.privateKey.reveal()), ssh2.utils.parseKey(pair.publicKey)];
  assert.not.instance(signer, Error);
  assert.not.instance(verifier, Error);
  if (signer instanceof Error || verifier instanceof Error) return;
  const data = Buffer.from('challenge');
  assert.is(verifier.verify(data, signer.sign(data)), true);
  assert.is(verifier.verify(Buffer.from('another'), signer.sign(data)), false);
});

test('a login with one pair on a server with the other: host key seen, client let in', async () => {
  const [host, user] = [await createSshKeyPair('host'), await createSshKeyPair('user')];
  const allowed = ssh2.utils.parseKey(user.publicKey);
  if (allowed instanceof Error) throw allowed;
  const server = new ssh2.Server({ hostKeys: [host.privateKey.reveal()] }, client => {
    client.on('error', () => {});
    client.on('authentication', context => {
      if (context.method !== 'publickey' || !context.key.data.equals(allowed.getPublicSSH())) return context.reject();
      if (context.signature && allowed.verify(context.blob ?? Buffer.alloc(0), context.signature) !== true)
        context.reject();
      else context.accept();
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  try {
    const seen = await new Promise<string>((done, fail) => {
      let hostKey = '';
      const client = new ssh2.Client();
      client.on('ready', () => {
        client.end();
        done(hostKey);
      });
      client.on('error', fail);
      client.connect({
        host: '127.0.0.1',
        port,
        username: 'root',
        privateKey: user.privateKey.reveal(),
        hostVerifier: (key: Buffer) => {
          hostKey = key.toString('base64');
          return true;
        },
      });
    });
    assert.is(seen, host.publicKey.split(' ')[1]);
  } finally {
    server.close();
  }
});

test('two pairs are never the same', async () => {
  const [one, two] = [await createSshKeyPair('x'), await createSshKeyPair('x')];
  assert.is.not(one.publicKey, two.publicKey);
  assert.not.ok(one.privateKey.equals(two.privateKey));
});

test.run();
