import { readFile } from 'node:fs/promises';
import { request } from 'node:https';

export interface Reply {
  status: number;
  body: Record<string, unknown>;
}

/** The app's API as a client of it: over TLS, trusting the site's authority alone. */
export async function callApp(
  url: string,
  ca: string | undefined,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<Reply> {
  const trusted = ca === undefined ? undefined : await readFile(ca, 'utf8');
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const options = { method, headers, timeout: 30_000, agent: false, ...(trusted && { ca: trusted }) };
    const call = request(new URL(path, url), options, response => {
      let text = '';
      response.on('data', chunk => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text === '' ? {} : JSON.parse(text) }),
      );
    });
    call.on('error', reject).on('timeout', () => call.destroy(new Error('no answer')));
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
