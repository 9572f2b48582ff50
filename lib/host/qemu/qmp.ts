import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { OpsError, oneLine } from '../../errors/index.ts';
import type { Duration } from '../../time/index.ts';

const ANSWER: Duration = 10_000;

/** Asks QEMU one thing over its QMP socket. Errors: QMP_SILENT when it does not answer, or refuses. */
export async function qmp(path: string, command: string): Promise<Record<string, unknown>> {
  const socket = connect(path);
  try {
    return await within(converse(socket, command), socket);
  } catch (error) {
    throw new OpsError('QMP_SILENT', `cannot ask QEMU to ${command} at ${path}: ${oneLine(error)}`, { cause: error });
  } finally {
    socket.destroy();
  }
}

const within = <T>(work: Promise<T>, socket: Socket): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER} ms`)), ANSWER);
    socket.once('error', reject).once('close', () => reject(new Error('it hung up')));
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** Greeting, capabilities, command; events in between are not answers. */
async function converse(socket: Socket, command: string): Promise<Record<string, unknown>> {
  const send = (execute: string) => socket.write(`${JSON.stringify({ execute })}\n`);
  let asked = false;
  for await (const line of createInterface({ input: socket })) {
    const message = JSON.parse(line) as { QMP?: unknown; return?: Record<string, unknown>; error?: { desc: string } };
    if (message.error) throw new Error(message.error.desc);
    if (message.QMP) send('qmp_capabilities');
    else if (message.return && !asked) {
      asked = true;
      send(command);
    } else if (message.return) return message.return;
  }
  throw new Error('it hung up');
}
