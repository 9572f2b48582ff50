import type { Client } from 'pg';
import { isRecord } from '../../cluster/index.ts';
import type { ClusterApi } from '../../engine/index.ts';
import type { Secret } from '../../secret/index.ts';
import { seconds } from '../../time/index.ts';
import { DATABASE_POD } from './app.ts';

const PORT = 5432;
/** PostgreSQL's invalid_password; of a role that is not there it says the same. */
const REFUSED = '28P01';

/** Whether the database lets a role in with this password, seen by coming in. Errors: those of dial, and pg's. */
export const logsIn = async (api: ClusterApi, user: string, password: Secret): Promise<boolean> =>
  (await asRole(api, user, password, async () => true)) ?? false;

/**
 * What a role is told over a forwarded port, where every one needs its password; undefined: it was not let in.
 * Errors: those of dial, and pg's where it is not the password.
 */
export async function asRole<T>(
  api: ClusterApi,
  user: string,
  password: Secret,
  ask: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  const [{ Client }, socket] = await Promise.all([import('pg'), api.dial(DATABASE_POD, PORT)]);
  // What pg asks of a net.Socket besides: it is connected already.
  const stream = Object.assign(socket, {
    setNoDelay: () => stream,
    connect: () => queueMicrotask(() => stream.emit('connect')),
  });
  const client = new Client({
    ...{ user, password: password.reveal(), database: 'app', stream: () => stream },
    connectionTimeoutMillis: seconds(30),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await ask(client);
  } catch (error) {
    if (isRecord(error) && error.code === REFUSED) return undefined;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
