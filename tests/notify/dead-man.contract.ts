import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import { equal, match, not, ok } from 'uvu/assert';
import type { ExitStatus } from '../../lib/errors/index.ts';
import { tellDeadMan } from '../../lib/notify/index.ts';
import { systemClock } from '../../lib/time/index.ts';

/** Answers with these statuses, then 200; null hangs up. */
async function recorder(answers: (number | null)[]): Promise<{ server: Server; url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const status = answers.shift();
    if (status === null) request.socket.destroy();
    else response.writeHead(status ?? 200).end('OK');
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  return { server, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** No time passes between attempts. */
const context = () => ({
  clock: { ...systemClock, sleep: async () => {} },
  signal: new AbortController().signal,
  random: () => 0.5,
});

async function tell(path: string, exit: ExitStatus, answers: (number | null)[] = []) {
  const { server, asked, url } = await recorder(answers);
  const why = await tellDeadMan(`${url}${path}`, exit, context());
  await new Promise(done => server.close(done));
  return { why, asked };
}

const deadMan = suite('dead-man');

deadMan('hears of success at its URL, and of every other end at the exit status below it', async () => {
  equal(await tell('/uuid', 0), { why: undefined, asked: ['GET /uuid'] });
  equal(await tell('/uuid', 2), { why: undefined, asked: ['GET /uuid/2'] });
  equal(await tell('/uuid/?create=1', 130), { why: undefined, asked: ['GET /uuid/130?create=1'] });
});

deadMan('is told again when it stumbles', async () => {
  const { why, asked } = await tell('/uuid', 1, [503, null, 429]);
  equal([why, asked.length], [undefined, 4]);
});

deadMan('is given up after four attempts, with the reason and no more of the URL than its host', async () => {
  const { why = '', asked } = await tell('/secret-uuid', 0, [500, 500, 500, 500]);
  equal(asked.length, 4);
  match(why, /^cannot tell the dead-man at 127\.0\.0\.1:\d+: 4 attempts in .*, the last: it answered 500$/);
  not.match(why, /secret-uuid/);
});

deadMan('that does not know the check is asked once', async () => {
  const { why = '', asked } = await tell('/gone', 0, [404]);
  equal(asked.length, 1);
  match(why, /^cannot tell the dead-man at .*: it answered 404$/);
});

deadMan('that is not there is said with its reason', async () => {
  const { server, url } = await recorder([]);
  await new Promise(done => server.close(done));
  const why = await tellDeadMan(url, 0, context());
  ok(why);
  match(why, /ECONNREFUSED/);
});

deadMan.run();
