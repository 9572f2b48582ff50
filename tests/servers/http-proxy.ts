import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issueServer } from '../../lib/secret/index.ts';
import { systemClock } from '../../lib/time/index.ts';

/** What becomes of the next requests whose 'GET /bucket/key' matches. */
export interface Canned {
  of: RegExp;
  times: number;
  /** Answered so, and not carried out; absent: carried out, and the answer is lost. */
  answer?: { status: number; body: string };
}

/** What becomes of the next requests that put something. */
export interface PutFaults {
  /** Carried out, and the answer is lost. */
  lost: number;
  /** Answered with 409, and not carried out. */
  conflicts: number;
  /** Conditions are taken off, as by a server that does not know them. */
  unconditional: boolean;
  canned: Canned[];
}

export interface HttpProxy {
  url: string;
  ca: string;
  faults: PutFaults;
  /** Requests that put something. */
  puts(): number;
  /** Every request, as 'GET /bucket/key'. */
  asked: string[];
  close(): Promise<void>;
}

/** In front of an S3 that checks no signatures: it reads what passes, and hurts it. */
export async function httpProxy(target: string, targetCa: string): Promise<HttpProxy> {
  const authority = await createAuthority('http proxy of a test', systemClock);
  const names = { names: ['localhost', '127.0.0.1'], addresses: ['127.0.0.1'], days: 1 };
  const { certificate, key } = await issueServer(authority, names, systemClock);
  const faults: PutFaults = { lost: 0, conflicts: 0, unconditional: false, canned: [] };
  const asked: string[] = [];
  let puts = 0;
  const server = createServer({ cert: certificate, key: key.reveal() }, (incoming, answer) => {
    const isPut = incoming.method === 'PUT';
    if (isPut) puts++;
    if (isPut && faults.conflicts > 0) {
      faults.conflicts--;
      incoming.resume();
      const body = '<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>';
      return answer.writeHead(409, { 'content-type': 'application/xml' }).end(body);
    }
    const line = `${incoming.method} ${incoming.url}`;
    asked.push(line);
    const canned = faults.canned.find(({ of, times }) => times > 0 && of.test(line));
    if (canned) canned.times--;
    if (canned?.answer) {
      const { status, body } = canned.answer;
      // Read to its end first, as a server does that answers without hanging up.
      return incoming
        .resume()
        .on('end', () => answer.writeHead(status, { 'content-type': 'application/xml' }).end(body));
    }
    const loses = canned !== undefined || (isPut && faults.lost > 0);
    if (loses && !canned) faults.lost--;
    const headers = { ...incoming.headers };
    if (faults.unconditional) for (const name of ['if-match', 'if-none-match']) delete headers[name];
    const options = { ca: targetCa, agent: false, method: incoming.method ?? 'GET', headers };
    const passed = request(new URL(incoming.url ?? '/', target), options, response => {
      if (loses) return response.resume().on('end', () => void incoming.socket.destroy());
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    passed.on('error', () => incoming.socket.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.certificate,
    faults,
    asked,
    puts: () => puts,
    close() {
      server.closeAllConnections();
      return new Promise(resolve => void server.close(() => resolve()));
    },
  };
}
