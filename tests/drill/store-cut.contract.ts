import { createServer, type Server } from 'node:net';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { type MortalWay, mortalWay } from '../../lib/drill/store-cut.ts';

const cut = suite<{ server: Server; way: MortalWay }>('a way that dies');

/** Answers each connection with ten times 100 bytes, on request. */
cut.before.each(async context => {
  const server = createServer(socket => {
    socket.on('error', () => {}).on('data', () => socket.write(Buffer.alloc(100)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  context.server = server;
  context.way = await mortalWay(typeof address === 'object' && address ? address.port : 0);
});
cut.after.each(async ({ server, way }) => {
  await way.close();
  server.close();
});

/** Bytes that came, and how it ended. */
async function ask(port: number, times: number): Promise<[number, 'whole' | 'cut']> {
  const { connect } = await import('node:net');
  const socket = connect({ port, host: '127.0.0.1' });
  let got = 0;
  return new Promise(resolve => {
    let asked = 1;
    const end = (how: 'whole' | 'cut') => {
      socket.destroy();
      resolve([got, how]);
    };
    socket.on('error', () => end('cut')).on('close', () => end('cut'));
    socket.on('connect', () => socket.write('?'));
    socket.on('data', chunk => {
      got += chunk.length;
      if (got < asked * 100) return;
      if (asked++ === times) end('whole');
      else socket.write('?');
    });
  });
}

cut('passes everything on until it is told when to die', async ({ way }) => {
  equal(await ask(way.port, 10), [1000, 'whole']);
});

cut('cuts what is under way, and lets nobody in afterwards', async ({ way }) => {
  way.dieAfter(250);
  const [got, how] = await ask(way.port, 10);
  ok(got <= 250 && how === 'cut', `${got} ${how}`);
  equal(await ask(way.port, 1), [0, 'cut']);
});

cut.run();
