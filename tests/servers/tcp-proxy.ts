import { createServer, connect as dial, type Socket } from 'node:net';

export interface Hurt {
  /** Passes nothing on, and closes nothing: a pulled cable. */
  stalled: boolean;
  /** Every chunk waits so long, each way. Milliseconds. */
  delay: number;
  /** Resets a connection after so many more bytes from the client. */
  left: number;
  /** Resets so many of the next connections as they come in: a server that is full. */
  drop: number;
}

/** A TCP relay on 127.0.0.1 whose connections can be hurt. */
export interface TcpProxy {
  port: number;
  /** Connections that were ever accepted. */
  accepted(): number;
  /** Connections that the client has not ended. */
  open(): number;
  /** Ends every connection in order (FIN), as a host that shuts down. */
  fin(): void;
  /** Resets every connection (RST). */
  rst(): void;
  hurt(change: Partial<Hurt>): void;
  close(): Promise<void>;
}

export async function tcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const state: Hurt = { stalled: false, delay: 0, left: Number.POSITIVE_INFINITY, drop: 0 };
  let accepted = 0;

  const pump = (from: Socket, to: Socket, counts: boolean, both: [Socket, Socket]) => {
    from.on('data', chunk => {
      if (state.stalled) return;
      if (counts) state.left -= chunk.length;
      if (state.left < 0) return reset(both);
      setTimeout(() => to.writable && !state.stalled && to.write(chunk), state.delay);
    });
    from.on('end', () => setTimeout(() => !state.stalled && to.end(), state.delay));
    from.on('error', () => {});
    from.on('close', () => pairs.delete(both));
  };
  const reset = (both: [Socket, Socket]) => {
    for (const socket of both) socket.resetAndDestroy();
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, client => {
    accepted++;
    if (state.drop-- > 0) return client.on('error', () => {}).resetAndDestroy();
    const upstream = dial({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const both: [Socket, Socket] = [client, upstream];
    pairs.add(both);
    pump(client, upstream, true, both);
    pump(upstream, client, false, both);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    accepted: () => accepted,
    open: () => [...pairs].filter(([client]) => !client.readableEnded && !client.destroyed).length,
    fin() {
      for (const both of pairs) for (const socket of both) socket.end();
    },
    rst: () => [...pairs].forEach(reset),
    hurt: change => Object.assign(state, change),
    async close() {
      for (const both of pairs) for (const socket of both) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
