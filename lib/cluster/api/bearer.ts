import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { oneLine } from '../../errors/index.ts';
import type { Secret } from '../../secret/index.ts';
import { seconds } from '../../time/index.ts';
import { kubeconfigPath } from '../kubeconfig/file.ts';
import { readCredentials } from './credentials.ts';

/** yes, no: the API said so. Else why nothing is known. */
export type LetIn = 'yes' | 'no' | { silent: string };

/** Whether the API knows a token: asked with nothing else, so that no certificate answers for it. */
export async function letsTokenIn(project: string, site: string, token: Secret): Promise<LetIn> {
  try {
    const { server, tls } = await readCredentials(await readFile(kubeconfigPath(project, site), 'utf8'));
    const agent = new Agent({ keepAlive: false, ...(tls.ca !== undefined && { ca: tls.ca }) });
    const status = await ask(new URL('/api', server), agent, token);
    if (status === 401) return 'no';
    return status === 200 || status === 403 ? 'yes' : { silent: `it answers ${status}` };
  } catch (error) {
    return { silent: oneLine(error) };
  }
}

const ask = (url: URL, agent: Agent, token: Secret): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token.reveal()}` };
    const asked = request(url, { agent, headers, timeout: seconds(10) }, response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 10 s')));
    asked.on('error', reject);
    asked.end();
  });
