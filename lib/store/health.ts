import { get } from 'node:https';
import type { Duration } from '../time/index.ts';
import type { Listening } from './local.ts';

/** Configured when the server is started; S3 itself has no such question. */
export const HEALTH_PATH = '/health';

/** undefined: the server of this authority answers on the port. Else what was seen instead. */
export const healthProblem = ({ port, ca }: Listening, timeout: Duration): Promise<string | undefined> =>
  new Promise(resolve => {
    const request = get({ host: '127.0.0.1', port, path: HEALTH_PATH, ca, timeout, agent: false }, response => {
      response.resume();
      resolve(response.statusCode === 200 ? undefined : `it answers ${response.statusCode}`);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout} ms`)));
    request.on('error', error => resolve(error.message));
  });
