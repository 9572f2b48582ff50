import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issueServer } from '../../lib/secret/index.ts';
import { systemClock } from '../../lib/time/index.ts';

/** What becomes of the next requests whose 'GET /bucket/key' matches. Carried out, and the answer is lost, but for: */
export interface Canned {
  of: RegExp;
  times: number;
  /** Answered so, and not carried out. */
  answer?: { status: number; body: string };
  /** Carried out; of the answer's body so many bytes come, and then the connection ends, or nothing more. */
  cut?: { after: number; how: 'end' | 'stall' };
}

/** Another write to the same key is under way: S3 carries out none of two that cross under a condition. */
export const CONFLICT = {
  status: 409,
  body: '<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>',
};

export interface Faults {
  canned: Canned[];
  /** Of requests these are taken off: as by a server that does not know them. Lower case. */
  ignored: string[];
}

export interface HttpProxy {
  url: string;
  ca: string;
  faults: Faults;
  /** Every request, as 'GET /bucket/key'. */
  asked: string[];
  close(): Promise<void>;
}

/** In front of an S3 that checks no signatures: it reads what passes, and hurts it. */
export async function httpProxy(target: string, targetCa: string): Promise<HttpProxy> {
  const authority = await createAuthority('http proxy of a test', systemClock);
  const names = { names: ['localhost', '127.0.0.1'], addresses: ['127.0.0.1'], days: 1 };
  const { certificate, key } = await issueServer(authority, names, systemClock);
  const faults: Faults = { canned: [], ignored: [] };
  const asked: string[] = [];
  const server = createServer({ cert: certificate, key: key.reveal() }, (incoming, answer) => {
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
    const headers = { ...incoming.headers };
    for (const name of faults.ignored) delete headers[name];
    const options = { ca: targetCa, agent: false, method: incoming.method ?? 'GET', headers };
    const passed = request(new URL(incoming.url ?? '/', target), options, response => {
      if (canned && !canned.cut) return response.resume().on('end', () => void incoming.socket.destroy());
      answer.writeHead(response.statusCode ?? 502, response.headers);
      if (canned?.cut) void passSome(response, answer, canned.cut);
      else response.pipe(answer);
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
    close() {
      server.closeAllConnections();
      return new Promise(resolve => void server.close(() => resolve()));
    },
  };
}

async function passSome(from: IncomingMessage, to: ServerResponse, { after, how }: NonNullable<Canned['cut']>) {
  const whole = Buffer.concat(await Array.fromAsync(from));
  to.write(whole.subarray(0, after), () => how === 'end' && to.socket?.destroySoon());
}
