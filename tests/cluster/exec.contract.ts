import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Answers, thrown, withApi } from './strict-api.ts';

const pod = { namespace: 'default', name: 'web-0' };
const frame = (channel: number, text: string) => Buffer.concat([Buffer.of(channel), Buffer.from(text)]);
const exit = (code: number) =>
  JSON.stringify(
    code === 0
      ? { status: 'Success' }
      : {
          status: 'Failure',
          reason: 'NonZeroExitCode',
          details: { causes: [{ reason: 'ExitCode', message: `${code}` }] },
        },
  );

test('exec carries argv and stdin byte-exact and reads the exit status from the protocol', async () => {
  const argv = ['sh', '-c', 'echo "$1"; cat', '--', " a'b\n$(x) ü"];
  let got: string[] = [];
  let stdin = '';
  const exec: Answers['exec'] = (socket, query) => {
    got = query.getAll('command');
    socket.on('message', (data: Buffer) => {
      if (data[0] === 0) stdin += data.subarray(1).toString();
      if (data[0] !== 255) return;
      socket.send(frame(1, 'out'));
      socket.send(frame(2, 'err'));
      socket.send(frame(3, exit(3)));
    });
  };
  await withApi({ exec }, async ({ api }) => {
    const result = await api.exec(pod, argv, { stdin: 'grün\n' });
    assert.equal([result.code, result.stdout.text, result.stderr.text], [3, 'out', 'err']);
  });
  assert.equal(got, argv);
  assert.is(stdin, 'grün\n');
});

test('an exec stream that ends without a status is SHELL_LOST, whatever it printed', async () => {
  const endings: Answers['exec'][] = [
    socket => {
      socket.send(frame(1, 'dump, first half'));
      socket.close(1000);
    },
    socket => {
      socket.send(frame(1, 'dump, first half'));
      setTimeout(() => socket.terminate(), 20);
    },
  ];
  for (const exec of endings)
    await withApi({ exec }, async ({ api }) => {
      const error = await thrown(() => api.exec(pod, ['pg_dump']));
      assert.is(error.code, 'SHELL_LOST');
      assert.match(error.message, /without an exit status/);
    });
});

test('a status that is neither success nor an exit code is an error in the words of the API', async () => {
  const exec: Answers['exec'] = socket =>
    socket.send(frame(3, JSON.stringify({ status: 'Failure', reason: 'InternalError', message: 'runc is away' })));
  await withApi({ exec }, async ({ api }) => {
    assert.match(
      (await thrown(() => api.exec(pod, ['true']))).message,
      /cannot exec in default\/web-0 of lab: runc is away/,
    );
  });
});

test('an exec that outlives its timeout is SHELL_TIMEOUT', async () => {
  await withApi({ exec: socket => socket.send(frame(1, '.')) }, async ({ api }) => {
    assert.is((await thrown(() => api.exec(pod, ['sleep'], { timeout: 50 }))).code, 'SHELL_TIMEOUT');
  });
});

test.run();
