import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** QEMU's side of QMP. `answer` gives the lines that follow a command, or undefined to hang up. */
export async function withQmp<T>(
  path: string,
  answer: (command: string) => readonly object[] | undefined,
  act: () => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server: Server = createServer(socket => {
    sockets.add(socket);
    const send = (message: object) => socket.write(`${JSON.stringify(message)}\r\n`);
    send({ QMP: { version: {}, capabilities: [] } });
    let negotiated = false;
    createInterface({ input: socket }).on('line', line => {
      const { execute } = JSON.parse(line) as { execute: string };
      // As QEMU: nothing is answered before the capabilities are agreed on.
      if (execute === 'qmp_capabilities') negotiated = true;
      const lines = execute === 'qmp_capabilities' ? [{ return: {} }] : answer(execute);
      if (!negotiated) send({ error: { class: 'CommandNotFound', desc: 'Expecting capabilities negotiation' } });
      else if (lines === undefined) socket.end();
      else for (const message of lines) send(message);
    });
    socket.on('error', () => {});
  });
  await new Promise<void>(resolve => server.listen(path, resolve));
  try {
    return await act();
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  }
}
