import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is, match, not } from 'uvu/assert';
import { exists } from '../../lib/host/exists.ts';
import { type Checkout, newCheckout } from '../lab/checkout.ts';
import { skip } from '../starter/skip.ts';
import { inventory } from './schedule-guest.ts';

interface Context {
  checkout: Checkout;
  server: Server;
  asked: string[];
}

const scheduled = suite<Context>('a scheduled run');

scheduled.before(async context => {
  const asked: string[] = [];
  context.asked = asked;
  context.server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end();
  });
  await new Promise<void>(done => context.server.listen(0, '127.0.0.1', done));
  const ping = `http://127.0.0.1:${(context.server.address() as AddressInfo).port}/{verb}`;
  context.checkout = await newCheckout('timers', inventory(`{ backup: daily, drill: weekly, ping: '${ping}' }`));
  // A lab's keys lie in the home: not in that of whoever tests, whose cache is used.
  process.env.XDG_CACHE_HOME ??= join(homedir(), '.cache');
  process.env.HOME = context.checkout.dir;
});

scheduled.after(async ({ checkout, server }) => {
  server.close();
  await checkout.remove();
});

// There is no such site: a backup fails within a second, with a status of its own.
scheduled('ends as it would have ended, and the dead-man hears with what status', async ({ checkout, asked }) => {
  const plain = await checkout.muster('backup');
  not.equal(plain.code, 0);
  equal(asked, []);
  const timed = await checkout.muster('backup', '--scheduled');
  is(timed.code, plain.code);
  equal(asked, [`/backup/${plain.code}`]);
  match(timed.stderr, `notice  the dead-man was told: exit status ${plain.code}`);
});

scheduled('is not reported when it only was a dry run, or a question', async ({ checkout, asked }) => {
  const before = asked.length;
  await checkout.muster('backup', '--scheduled', '--dry-run');
  await checkout.muster('backup', '--scheduled', '--help');
  is(asked.length, before);
});

scheduled('shows in the status, though no timer is here', async ({ checkout }) => {
  const { code, stdout } = await checkout.muster('schedule', 'status');
  not.equal(code, 0);
  match(stdout, /^backup {2}.*last run .* ago, exit status [1-4]/m);
});

scheduled('keeps its status when the dead-man is gone', async ({ checkout, server }) => {
  await new Promise(done => server.close(done));
  const { code, stderr } = await checkout.muster('backup', '--scheduled');
  is(code, (await checkout.muster('backup')).code);
  match(stderr, /notice {2}cannot tell the dead-man at 127\.0\.0\.1:\d+: 4 attempts .*ECONNREFUSED/);
});

scheduled('cannot be set up where systemd does not run: said with a crontab instead', async ({ checkout }) => {
  if (await exists('/run/systemd/system')) skip('systemd runs this computer');
  const { code, stderr } = await checkout.muster('schedule');
  is(code, 4);
  match(stderr, /cannot set timers: process 1 of this computer is \S+, not systemd/);
  match(stderr, /0 0 \* \* \* PATH=\S+ \S+\/muster backup --site timers --scheduled/);
  match(stderr, /0 0 \* \* 1 PATH=\S+ \S+\/muster drill site-rebuild --site timers --scheduled/);
});

scheduled('is not set up with a secret that only the session of a person has', async ({ checkout }) => {
  const file = join(checkout.dir, 'inventories', 'timers.yaml');
  const text = inventory('{ backup: daily, drill: weekly }');
  for (const reference of ['env:AWS_KEY', 'bw:store/key']) {
    await writeFile(file, text.replace('secretKey: file:/key', `secretKey: ${reference}`));
    const { code, stderr } = await checkout.muster('schedule');
    is(code, 3);
    match(stderr, `says backup.store.secretKey: ${reference}\n`);
  }
});

scheduled.run();
