import type { Client as PgClient } from 'pg';
import type { Ctx } from '../../engine/index.ts';
import type { Secret } from '../../secret/index.ts';
import { seconds } from '../../time/index.ts';
import { NAMESPACE } from './app.ts';

const PORT = 5432;

type At = { cluster: Ctx['cluster']; target: Pick<Ctx['target'], 'site'> };

/**
 * Whether the database lets a role in with this password, seen by coming in. false when it was refused, and when it
 * could not be tried: whoever asks has another way to look.
 */
export async function logsIn(user: string, password: Secret, ctx: At): Promise<boolean> {
  const api = await ctx.cluster(ctx.target.site);
  let client: PgClient | undefined;
  try {
    const [{ Client }, socket] = await Promise.all([
      import('pg'),
      api.dial({ namespace: NAMESPACE, name: 'postgres-0' }, PORT),
    ]);
    // What pg asks of a net.Socket besides: it is connected already.
    const stream = Object.assign(socket, {
      setNoDelay: () => stream,
      connect: () => queueMicrotask(() => stream.emit('connect')),
    });
    client = new Client({
      user,
      password: password.reveal(),
      database: 'app',
      stream: () => stream,
      connectionTimeoutMillis: seconds(30),
    });
    client.on('error', () => undefined);
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client?.end().catch(() => undefined);
  }
}
