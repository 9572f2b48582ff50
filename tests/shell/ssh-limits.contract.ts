import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFacts, fanOut } from '../../lib/shell/index.ts';
import { tcpProxy } from '../servers/tcp-proxy.ts';
import { makeShells, refusal, withShells } from './local-shells.ts';
import { withSshd } from './ssh-shells.ts';

const test = suite('ssh limits');

for (const sessions of [10, 1]) {
  test(`50 commands at once on a host with MaxSessions ${sessions} run once each, over one connection`, async () => {
    await withSshd({ config: [`MaxSessions ${sessions}`] }, async (shells, sshd) => {
      const shell = await shells.shell('root');
      const numbers = Array.from({ length: 50 }, (_, index) => String(index));
      const ran = join(sshd.dir, 'ran');
      const outputs = await Promise.all(
        numbers.map(n => shell.run(['sh', '-c', 'echo "$1" >>"$2"; echo "$SSH_CONNECTION"', 'sh', n, ran])),
      );
      assert.equal(readFileSync(ran, 'utf8').trim().split('\n').sort(), [...numbers].sort());
      assert.is(new Set(outputs).size, 1);
    });
  });
}

test('100 hosts at one sshd with its default MaxStartups: none is dropped, none is tried twice', async () => {
  await withSshd({}, async (_, sshd) => {
    const proxy = await tcpProxy(sshd.port);
    const hosts = Array.from({ length: 100 }, (_, index) => `h${index}`);
    const shells = makeShells({
      // Another target each, so that each has a connection of its own.
      connect: async host => ({ ...sshd.target('root', proxy.port), hostKey: `${sshd.hostKey} ${host}` }),
    });
    const outcomes = await fanOut(hosts, 100, async host => (await shells.shell(host)).run(['echo', host]));
    assert.equal(
      outcomes,
      hosts.map(host => ({ host, value: `${host}\n` })),
    );
    assert.is(proxy.accepted(), 100);
    await shells.close();
    await proxy.close();
  });
});

test('a dead host costs only its own deadline, and is the only one that fails', async () => {
  await withSshd({}, async (_, sshd) => {
    const dead = await tcpProxy(sshd.port);
    dead.hurt({ stalled: true });
    const connect = async (host: string) => sshd.target('root', host === 'dead' ? dead.port : sshd.port);
    await withShells({ connect, patience: { connect: 1500 } }, async shells => {
      const facts = createFacts(shells.shell);
      const probe = { id: 'name', script: 'echo here', parse: (stdout: string) => stdout };
      const done: string[] = [];
      const outcomes = await fanOut(['dead', 'a', 'b', 'c'], 4, async host => {
        const answer = await facts.ask(host, probe);
        done.push(host);
        return answer;
      });
      assert.equal(done.sort(), ['a', 'b', 'c']);
      assert.equal(
        outcomes.map(outcome => 'error' in outcome),
        [true, false, false, false],
      );
    });
    await dead.close();
  });
});

test('closing ends what runs on the hosts and every connection, within 5 s, and leaves nothing listed', async () => {
  await withSshd({}, async (shells, sshd) => {
    const shell = await shells.shell('root');
    const pids = join(sshd.dir, 'pids');
    const work = Promise.all(
      [1, 2, 3].map(() =>
        refusal(shell.exec(['sh', '-c', 'trap "" TERM; echo $$ >>"$1"; sleep 60; sleep 60', 'sh', pids])),
      ),
    );
    const lines = () => readFileSync(pids, { encoding: 'utf8', flag: 'a+' }).split('\n').length - 1;
    while (lines() < 3) await new Promise(resolve => setTimeout(resolve, 20));
    const start = performance.now();
    await shells.close();
    assert.ok(performance.now() - start < 5000);
    assert.equal(
      (await work).map(({ code }) => code),
      ['INTERRUPTED', 'INTERRUPTED', 'INTERRUPTED'],
    );
    assert.equal(shells.stillRunning(), []);
  });
});

test.run();
