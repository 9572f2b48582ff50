import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Secret } from '../../lib/secret/index.ts';
import { createFacts, hostFacts } from '../../lib/shell/index.ts';
import { skip } from '../starter/skip.ts';
import { program, refusal } from './local-shells.ts';
import { withSshd } from './ssh-shells.ts';

const test = suite('ssh shell');
const cases: { value: string }[] = JSON.parse(
  readFileSync(new URL('../cases/shell/hostile-values.json', import.meta.url), 'utf8'),
);
const hostile = cases.map(({ value }) => value);
const hex = (values: readonly string[]) => values.map(value => `${Buffer.from(value).toString('hex')}\n`).join('');

/** Login shells, each with a start-up file that prints, changes directory and mask, and takes a while. */
const LOGIN_SHELLS: Record<string, { shell: string; files: Record<string, string> }> = {
  bash: {
    shell: '/bin/bash',
    files: { '.bashrc': 'echo noise; echo noise >&2; cd /tmp; umask 077; sleep 0.05; set -o noclobber' },
  },
  dash: { shell: '/bin/dash', files: {} },
  csh: { shell: '/bin/csh', files: { '.cshrc': 'echo noise\ncd /tmp\numask 077\nsleep 0.05\nset histchars="!"\n' } },
  fish: {
    shell: '/usr/bin/fish',
    files: { '.config/fish/config.fish': 'echo noise; echo noise >&2; cd /tmp; umask 077; sleep 0.05' },
  },
};

for (const [name, user] of Object.entries(LOGIN_SHELLS)) {
  test(`a login shell ${name} changes nothing: every argument is exact, the output clean, the place the same`, async () => {
    if (!existsSync(user.shell)) skip(`${user.shell} is not installed`);
    await withSshd({ users: { [name]: user } }, async shells => {
      const shell = await shells.shell(name);
      assert.is(await shell.run([program('argv.sh'), ...hostile]), hex(hostile));
      assert.is(
        await shell.run({ script: '"$PROGRAM" "$@"', args: hostile }, { env: { PROGRAM: program('argv.sh') } }),
        hex(hostile),
      );
      const { stdout, stderr } = await shell.exec({
        script: 'pwd; umask; command -v modinfo fsck >/dev/null || command -v fsck',
      });
      assert.equal([stdout.text.split('\n').slice(0, 2), stderr.text], [['/', '0022'], '']);
      for (const value of hostile) {
        const secretEnv = { SECRET: new Secret(value) };
        assert.is(
          await shell.run(['sh', '-c', 'printf %s "$SECRET"; cat'], { secretEnv, stdin: value }),
          value + value,
        );
      }
    });
  });
}

test('an exit status, a signal, a missing command and a missing cwd are told as they are on this computer', async () => {
  await withSshd({}, async (shells, sshd) => {
    for (const host of ['root', 'localhost']) {
      const shell = await shells.shell(host);
      assert.is((await shell.exec(['sh', '-c', 'exit 3'])).code, 3);
      const killed = await shell.exec(['sh', '-c', 'kill -KILL $$']);
      assert.equal([killed.code, killed.signal], [null, 'SIGKILL']);
      assert.is((await shell.exec(['/nowhere/tool'])).code, 127);
      const ran = join(sshd.dir, `ran-${host}`);
      assert.is((await refusal(shell.exec(['touch', ran], { cwd: '/nowhere' }))).code, 'CWD_ABSENT');
      assert.not(existsSync(ran));
    }
  });
});

test('a user that may not log in, or whose account runs no shell, is an error with what the host says', async () => {
  const users = { nologin: { shell: '/usr/sbin/nologin' } };
  await withSshd({ users }, async shells => {
    const error = await refusal((await shells.shell('nologin')).exec(['true']));
    assert.is(error.code, 'SHELL_UNUSABLE');
    assert.match(error.details.join(), /not available/);
    const nobody = await refusal((await shells.shell('no-such-user')).exec(['true']));
    assert.is(nobody.code, 'SSH_AUTH_REFUSED');
    assert.match(nobody.message, /cannot log in to no-such-user as no-such-user@127\.0\.0\.1:\d+/);
  });
});

test('sudo runs as root where it may, and says before the command where it wants a password', async () => {
  if (!existsSync('/usr/bin/sudo')) skip('the Debian package sudo is not installed');
  const users = {
    may: { shell: '/bin/bash', sudo: 'ALL=(ALL) NOPASSWD: ALL' },
    asked: { shell: '/bin/bash', sudo: 'ALL=(ALL) ALL' },
    never: { shell: '/bin/bash' },
  };
  await withSshd({ users }, async (shells, sshd) => {
    const may = await shells.shell('may');
    const secretEnv = { SECRET: new Secret('s3cret value') };
    const script = 'id -u; printf "%s " "$A" "$SECRET" "$@"; pwd';
    assert.is(
      await may.run({ script, args: ['$x'] }, { sudo: true, env: { A: "it's" }, secretEnv, cwd: '/usr' }),
      "0\nit's s3cret value $x /usr\n",
    );
    await may.upload({ content: 'root’s' }, join(sshd.dir, 'owned'), { mode: 0o640, owner: 'root:may', sudo: true });
    assert.equal([statSync(join(sshd.dir, 'owned')).uid, statSync(join(sshd.dir, 'owned')).mode & 0o777], [0, 0o640]);
    for (const name of ['asked', 'never']) {
      const error = await refusal((await shells.shell(name)).exec(['touch', join(sshd.dir, name)], { sudo: true }));
      assert.is(error.code, 'SUDO_PASSWORD');
      assert.match(error.details.join(), /sudo: /);
    }
    assert.equal(readdirSync(sshd.dir), ['owned']);
    const error = await refusal(
      may.exec([program('stubborn.sh'), join(sshd.dir, 'pids')], { sudo: true, timeout: 500 }),
    );
    assert.is(error.code, 'SHELL_TIMEOUT');
    assert.is(await may.run({ script: 'pgrep -f stubborn.sh || echo none' }), 'none\n');
  });
});

test('a timeout ends the remote group and its grandchild, and says so', async () => {
  await withSshd({}, async (shells, sshd) => {
    const shell = await shells.shell('root');
    const pids = join(sshd.dir, 'pids');
    let running = 0;
    const onLine = () => {
      running = shells.stillRunning().length;
    };
    const error = await refusal(shell.exec([program('stubborn.sh'), pids], { timeout: 1000, onLine }));
    assert.is(running, 1);
    assert.is(error.code, 'SHELL_TIMEOUT');
    const alive =
      'for pid in $(cat "$1"); do grep -q "^State:.*Z" "/proc/$pid/status" || ls -d "/proc/$pid"; done 2>/dev/null; true';
    assert.is(await shell.run({ script: alive, args: [pids] }), '');
    assert.equal(shells.stillRunning(), []);
  });
});

test('a secret is in no process’s arguments, in no error and in no line', async () => {
  await withSshd({}, async shells => {
    const shell = await shells.shell('root');
    const secret = randomUUID();
    const lines: string[] = [];
    const script = 'cat /proc/[0-9]*/cmdline | tr "\\0" " "; printf "%s\\n" "$SECRET" >&2; exit 1';
    const options = { secretEnv: { SECRET: new Secret(secret) }, onLine: (line: string) => lines.push(line) };
    const error = await refusal(shell.run(['sh', '-c', script], options));
    assert.ok(lines.some(line => line.includes('sshd')) && lines.includes('***'));
    for (const text of [error.message, ...error.details, ...lines]) assert.not.match(text, secret);
  });
});

test('large output is exact at its end and bounded in memory; characters are whole', async () => {
  await withSshd({}, async shells => {
    const shell = await shells.shell('root');
    const { stdout } = await shell.exec([program('bytes.sh'), '32'], { keep: 16 });
    assert.equal([stdout.text, stdout.dropped], [`${'\0'.repeat(9)}the end`, 32 * 1024 * 1024 + 7 - 16]);
    const lines: string[] = [];
    assert.is(await shell.run([program('slow-utf8.sh')], { onLine: line => lines.push(line) }), 'é€🚀\n');
    assert.equal(lines, ['é€🚀']);
  });
});

test('a file arrives through a connection that changes its keys all the time, byte for byte', async () => {
  await withSshd({ config: ['RekeyLimit 1M'] }, async (shells, sshd) => {
    const source = join(sshd.dir, 'source');
    const bytes = Buffer.alloc(24 * 1024 * 1024);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE((at * 2654435761) % 2 ** 32, at);
    writeFileSync(source, bytes);
    const shell = await shells.shell('root');
    await shell.upload({ file: source }, join(sshd.dir, 'copy'), { mode: 0o600 });
    assert.ok(readFileSync(join(sshd.dir, 'copy')).equals(bytes));
    const { stdout } = await shell.exec(['cat', source], { keep: bytes.length });
    assert.ok(Buffer.from(stdout.bytes).equals(bytes));
  });
});

test('a full disk fails the upload, and leaves the old file and nothing else', async () => {
  await withSshd({}, async (shells, sshd) => {
    const shell = await shells.shell('root');
    await shell.run({
      script: 'mkdir "$1" && mount -t tmpfs -o size=1m tmpfs "$1" && echo old >"$1/file"',
      args: [join(sshd.dir, 'small')],
    });
    const target = join(sshd.dir, 'small', 'file');
    const error = await refusal(shell.upload({ content: Buffer.alloc(4_000_000) }, target, { mode: 0o644 }));
    assert.is(error.code, 'UPLOAD_FAILED');
    assert.match(error.details.join(), /No space left on device/);
    assert.is(await shell.run({ script: 'cat "$1"; ls -A "$2"', args: [target, dirname(target)] }), 'old\nfile\n');
  });
});

test('facts of a host are one exec', async () => {
  await withSshd({}, async shells => {
    const facts = createFacts(shells.shell);
    const host = await facts.ask('root', hostFacts);
    assert.match(host.bootId, /^[0-9a-f-]{36}$/);
    assert.not(host.systemd);
  });
});

test.run();
