import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oneLine } from '../../../lib/errors/index.ts';
import { createAuthority, issueServer, Secret } from '../../../lib/secret/index.ts';
import type { StoreAccess } from '../../../lib/store/index.ts';
import { systemClock } from '../../../lib/time/index.ts';
import { skip } from '../../starter/skip.ts';
import { pythonPackages } from './packages.ts';

/** moto: AWS's S3, IAM and STS in memory, on 127.0.0.1 with TLS of its own authority. */
export interface Moto {
  url: string;
  ca: string;
  /** As whom nothing is asked, until rights() was called. */
  access(bucket: string, keys?: { id: string; secret: string }): StoreAccess;
  /** From now on keys are checked, and what their policies do not allow is denied. */
  rights(on: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Skips the caller's tests where it cannot be had. */
export async function startMoto(): Promise<Moto> {
  const packages = await pythonPackages().catch(error => skip(oneLine(error)));
  const dir = mkdtempSync(join(tmpdir(), 'muster-moto-'));
  const authority = await createAuthority('moto of a test', systemClock);
  const names = { names: ['localhost', '127.0.0.1'], addresses: ['127.0.0.1'], days: 1 };
  const { certificate, key } = await issueServer(authority, names, systemClock);
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const tls = ['-c', file('cert.pem', certificate), '-k', file('key.pem', key.reveal())];
  const port = await freePort();
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', `${port}`, ...tls], {
    env: { PATH: process.env.PATH, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: 'ignore',
  });
  const url = `https://127.0.0.1:${port}`;
  const ca = authority.certificate;
  await answers(url, ca, child);
  return {
    url,
    ca,
    access: (bucket, { id, secret } = { id: 'AKIAOWNER', secret: 'owner-of-the-test' }) => ({
      ...{ here: url, there: url, region: 'us-east-1', bucket, ca },
      accessKey: new Secret(id),
      secretKey: new Secret(secret),
    }),
    async rights(on) {
      const status = await ask(`${url}/moto-api/reset-auth`, ca, on ? '0' : 'inf');
      if (status !== 200) throw new Error(`moto does not set rights: ${status}`);
    },
    async close() {
      child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });

async function answers(url: string, ca: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}`);
    if ((await ask(`${url}/moto-api/`, ca)) === 200) return;
    await systemClock.sleep(200);
  }
  throw new Error('moto does not answer within 30 s');
}

/** The status; undefined: no answer. */
const ask = (url: string, ca: string, body?: string): Promise<number | undefined> =>
  new Promise(resolve => {
    const options = { ca, agent: false, method: body === undefined ? 'GET' : 'POST' };
    const sent = request(url, options, answer => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', () => resolve(undefined)).end(body);
  });
