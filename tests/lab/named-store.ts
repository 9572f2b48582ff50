import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createAuthority, issueServer } from '../../lib/secret/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import type { StoreWorld } from '../backup/store-world.ts';
import { storeOf } from './s3-of.ts';

/** As a company's DNS has it: no resolver of this computer does. */
export const STORE_NAME = 's3.company.example';

/** The store of a world behind a certificate of that name, as an inventory says it; machines know it by the name alone. */
export async function namedStoreOf(world: StoreWorld, bucket: string) {
  const authority = await createAuthority('company', systemClock);
  const want = { names: [STORE_NAME, '127.0.0.1'], addresses: ['127.0.0.1'], days: 1 };
  const { certificate, key } = await issueServer(authority, want, systemClock);
  const { here, ca: inner = '' } = await world.access('admin');
  const open = new Set<TLSSocket>();
  const server = createServer({ cert: certificate, key: key.reveal() }, socket => {
    const inside = connect({ port: Number(new URL(here).port), host: '127.0.0.1', ca: inner });
    for (const [one, other] of [
      [socket, inside],
      [inside, socket],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy()).on('close', () => open.delete(one));
      one.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const ca = join(world.project, 'company.pem');
  await writeFile(ca, authority.certificate);
  const places = {
    endpoint: `https://127.0.0.1:${port}`,
    inside: `https://${STORE_NAME}:${port}`,
    address: '10.0.2.2',
  };
  return {
    store: { ...(await storeOf(world, bucket)), ...places, ca },
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
