import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../lib/errors/index.ts';
import { createAuthority, inspect, issueServer, type KeyedCertificate } from '../../lib/secret/index.ts';
import { systemClock } from '../../lib/time/index.ts';

const DAY = 86_400_000;
const WANT = { names: ['lab.test', 'app.lab.test'], addresses: ['127.0.0.1', '::1'], days: 90 };

const test = suite<{ dir: string; authority: KeyedCertificate; server: KeyedCertificate }>('pki');
// uvu counts nothing when a `before` throws: what all tests need is made inside the first use of each.
test.before.each(async context => {
  context.dir = mkdtempSync(join(tmpdir(), 'muster-pki-'));
  context.authority ??= await createAuthority('muster lab', systemClock);
  context.server ??= await issueServer(context.authority, WANT, systemClock);
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true }));

/** What the server said to a client that trusts this authority only, or why the client hung up. */
async function handshake(server: KeyedCertificate, ca: string, host: string): Promise<string> {
  const listener = createServer({ cert: server.certificate, key: server.key.reveal(), minVersion: 'TLSv1.3' }, socket =>
    socket.end('served'),
  );
  listener.on('tlsClientError', () => {});
  await new Promise<void>(done => listener.listen(0, '127.0.0.1', done));
  const address = listener.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  try {
    return await new Promise<string>(done => {
      const client = connect({
        host: '127.0.0.1',
        port,
        ca,
        servername: /[a-z]/.test(host) ? host : '',
      });
      client.on('data', data => done(String(data)));
      client.on('error', error => done(`refused: ${'code' in error ? error.code : error.message}`));
    });
  } finally {
    listener.close();
  }
}

test('a client that trusts the authority, and only it, accepts the server by name and by address', async ({
  authority,
  server,
}) => {
  const other = await createAuthority('muster lab', systemClock);
  assert.is(await handshake(server, authority.certificate, 'lab.test'), 'served');
  assert.is(await handshake(server, authority.certificate, '127.0.0.1'), 'served');
  assert.is(await handshake(server, authority.certificate, 'other.test'), 'refused: ERR_TLS_CERT_ALTNAME_INVALID');
  assert.match(await handshake(server, other.certificate, 'lab.test'), /^refused: /);
  const elsewhere = await issueServer(
    authority,
    { names: ['lab.test'], addresses: ['192.0.2.1'], days: 1 },
    systemClock,
  );
  assert.is(await handshake(elsewhere, authority.certificate, '127.0.0.1'), 'refused: ERR_TLS_CERT_ALTNAME_INVALID');
});

test('openssl accepts the chain by its strictest rules, for servers and for nothing else', ({
  dir,
  authority,
  server,
}) => {
  writeFileSync(join(dir, 'ca.pem'), authority.certificate);
  writeFileSync(join(dir, 'server.pem'), server.certificate);
  const verify = (...more: string[]) =>
    execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', 'ca.pem', ...more, 'server.pem'], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
  assert.is(verify('-purpose', 'sslserver', '-verify_hostname', 'app.lab.test'), 'server.pem: OK\n');
  assert.is(verify('-verify_ip', '::1'), 'server.pem: OK\n');
  assert.throws(() => verify('-verify_hostname', 'other.test'));
  assert.throws(() => verify('-purpose', 'sslclient'));
  assert.throws(() => verify('-attime', String(Math.floor((Date.now() + 91 * DAY) / 1000))));
  const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: server.certificate, encoding: 'utf8' });
  for (const expected of [
    /ASN1 OID: prime256v1/,
    /Signature Algorithm: ecdsa-with-SHA256/,
    /Basic Constraints: critical\s+CA:FALSE/,
    /X509v3 Key Usage: critical\s+Digital Signature\s/,
    /Extended Key Usage:\s+TLS Web Server Authentication\s/,
    /Subject Key Identifier/,
    /Authority Key Identifier/,
  ])
    assert.match(text, expected);
});

test('a server cannot sign for others', async ({ authority, server }) => {
  const forged = await issueServer(server, { names: ['lab.test'], addresses: ['127.0.0.1'], days: 1 }, systemClock);
  assert.match(await handshake(forged, authority.certificate, 'lab.test'), /^refused: /);
});

test('inspect says what is in a certificate, addresses in their short form', ({ server }) => {
  const facts = inspect(server.certificate);
  assert.equal(facts.names, ['app.lab.test', 'lab.test']);
  assert.equal(facts.addresses, ['127.0.0.1', '::1']);
  assert.ok(facts.notBefore < Date.now() && facts.notBefore > Date.now() - DAY);
  assert.ok(Math.abs(facts.notAfter - (Date.now() + 90 * DAY)) < 60_000);
});

test('issued by means signed by: another authority of the same name is not the issuer', async ({
  authority,
  server,
}) => {
  const facts = inspect(server.certificate);
  assert.ok(facts.issuedBy(authority));
  assert.not.ok(facts.issuedBy(await createAuthority('muster lab', systemClock)));
  assert.not.ok(facts.issuedBy(server));
});

test('the clock that is passed in decides about the dates', async ({ authority }) => {
  const then = Date.UTC(2030, 0, 1);
  const { certificate } = await issueServer(authority, WANT, { ...systemClock, now: () => then });
  assert.is(inspect(certificate).notAfter, then + 90 * DAY);
  assert.is(inspect(certificate).notBefore, then - 3_600_000);
});

test('the chain is the server and its authority, the key its own, and every certificate another', async ({
  authority,
  server,
}) => {
  assert.is(server.certificate.match(/BEGIN CERTIFICATE/g)?.length, 2);
  assert.ok(server.certificate.endsWith(authority.certificate));
  assert.match(server.key.reveal(), /^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PRIVATE KEY-----\n$/);
  assert.is(createPrivateKey(server.key.reveal()).asymmetricKeyDetails?.namedCurve, 'prime256v1');
  const again = await issueServer(authority, WANT, systemClock);
  assert.not.ok(again.key.equals(server.key));
  assert.is.not(again.certificate, server.certificate);
});

test('a text that is no certificate is refused without being shown', () => {
  try {
    inspect('hunter22');
    assert.unreachable();
  } catch (error) {
    assert.ok(isOpsError(error, 'CERTIFICATE_INVALID'));
    assert.is(error.message, 'cannot read a certificate from 8 characters of text');
  }
});

test.run();
