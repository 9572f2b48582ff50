import { createServer, connect as dial, type Socket } from 'node:net';

/** A way to a port of this computer that ends half-way, for good: as a store whose machine dies. */
export interface MortalWay {
  port: number;
  /** After so many more bytes from the server every connection is reset, and no new one comes about. */
  dieAfter(bytes: number): void;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, on a port that is free. */
export async function mortalWay(target: number): Promise<MortalWay> {
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer({ noDelay: true }, client => {
    const upstream = keep(dial({ port: target, host: '127.0.0.1', noDelay: true }));
    keep(client).pipe(upstream);
    upstream.on('data', chunk => {
      left -= chunk.length;
      if (left < 0) die();
      else client.write(chunk);
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  const die = () => {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  };
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    dieAfter(bytes) {
      left = bytes;
    },
    async close() {
      if (!server.listening) return;
      const closed = new Promise(resolve => server.once('close', resolve));
      die();
      await closed;
    },
  };
}
