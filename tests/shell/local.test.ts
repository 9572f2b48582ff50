import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Masker, Secret } from '../../lib/secret/index.ts';
import { type makeShells, program, refusal, scratch, withShells } from './local-shells.ts';

const test = suite('local shell');
const onLocalhost = <T>(act: (shell: Awaited<ReturnType<ReturnType<typeof makeShells>['shell']>>) => Promise<T>) =>
  withShells({}, async shells => act(await shells.shell('localhost')));

test('any exit status is a result, and a signal is code null', async () => {
  await onLocalhost(async shell => {
    const { code, stdout, stderr } = await shell.exec(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    assert.equal([code, stdout.text, stderr.text], [3, 'out\n', 'err\n']);
    const killed = await shell.exec(['sh', '-c', 'kill -KILL $$']);
    assert.equal([killed.code, killed.signal], [null, 'SIGKILL']);
  });
});

test('run fails with what failed, where, and the last lines, which a terminal would not obey', async () => {
  await onLocalhost(async shell => {
    const error = await refusal(
      shell.run(['sh', '-c', 'printf "first\\n\\033[31mred\\r\\342\\200\\256\\n" >&2; exit 4']),
    );
    assert.is(error.code, 'COMMAND_FAILED');
    assert.match(error.message, /^cannot run sh -c .* on localhost: exit status 4$/);
    assert.equal(error.details, ['first', '\\x1b[31mred\\x0d\\u202e']);
    assert.match((await refusal(shell.run(['/nowhere/tool']))).message, /exit status 127 \(command not found\)/);
  });
});

test('a script is read whole before it begins: cut short it does nothing, and its commands find no rest to eat', async () => {
  await onLocalhost(async shell => {
    assert.is(await shell.run({ script: 'cat; head -1; echo "$1" after', args: ['-x'] }), '-x after\n');
    const { code, stdout } = await shell.exec({ script: 'echo begun\nif true; then' });
    assert.equal([code, stdout.text], [2, '']);
    assert.is(await shell.run({ script: 'cat <<EOF\n}\nEOF\n# the end' }), '}\n');
  });
});

test('stdin is passed on: text, bytes and a stream, and a command need not read it', async () => {
  await onLocalhost(async shell => {
    const stream = async function* () {
      for (let n = 0; n < 64; n++) yield Buffer.alloc(65_536, n);
    };
    assert.is(await shell.run(['cat'], { stdin: 'text' }), 'text');
    assert.equal(
      Buffer.from((await shell.exec(['cat'], { stdin: Uint8Array.of(0, 255) })).stdout.bytes),
      Buffer.from([0, 255]),
    );
    assert.is((await shell.run(['wc', '-c'], { stdin: stream() })).trim(), String(64 * 65_536));
    assert.is((await shell.exec(['true'], { stdin: stream() })).code, 0);
  });
});

test('a source of stdin that fails ends the command, and is the error', async () => {
  await withShells({}, async shells => {
    const stream = async function* () {
      yield Buffer.from('some');
      throw new Error('the disk is gone');
    };
    const shell = await shells.shell('localhost');
    const error = await shell.exec(['sleep', '60'], { stdin: stream() }).catch(error => error);
    assert.is(error.message, 'the disk is gone');
    assert.equal(shells.stillRunning(), []);
  });
});

test('a secret reaches the environment only: not the arguments of any process, nor errors, nor lines', async () => {
  const part = randomUUID();
  const secret = new Secret(`ca'n\\ary !\u00e9 $(x)\n${part}`);
  const found: string[] = [];
  await withShells({ masker: new Masker() }, async shells => {
    const shell = await shells.shell('localhost');
    const script = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " >"$OUT"; printf %s "$SECRET" >&2; exit 1';
    const out = join(scratch(), 'cmdlines');
    const options = {
      env: { OUT: out },
      secretEnv: { SECRET: secret },
      stdin: 'own stdin',
      onLine: (line: string) => found.push(line),
    };
    const error = await refusal(shell.run(['sh', '-c', script], options));
    const cmdlines = readFileSync(out, 'utf8');
    assert.ok(cmdlines.includes('sh -c'));
    for (const text of [cmdlines, error.message, ...error.details, ...found]) assert.not.match(text, part);
    const echo = await shell.run(['sh', '-c', 'printf %s "$SECRET"; cat'], options);
    assert.is(echo, `${secret.reveal()}own stdin`);
  });
});

test('a cwd that is not there fails before the command runs', async () => {
  await onLocalhost(async shell => {
    const dir = scratch();
    assert.is(await shell.run(['pwd'], { cwd: dir }), `${dir}\n`);
    const error = await refusal(shell.exec(['touch', join(dir, 'ran')], { cwd: join(dir, 'no where') }));
    assert.is(error.code, 'CWD_ABSENT');
    assert.match(error.details.join(), /no where/);
    assert.not(existsSync(join(dir, 'ran')));
  });
});

test('memory is bounded: of 64 MiB the newest bytes are kept and the rest counted; run refuses half an output', async () => {
  await onLocalhost(async shell => {
    const { stdout } = await shell.exec([program('bytes.sh'), '64'], { keep: 16 });
    assert.is(stdout.dropped, 64 * 1024 * 1024 + 7 - 16);
    assert.is(stdout.text, `${'\0'.repeat(9)}the end`);
    assert.match((await refusal(shell.run([program('bytes.sh'), '2']))).message, /bytes longer than what is kept/);
  });
});

test('lines come whole when a character arrives byte by byte', async () => {
  await onLocalhost(async shell => {
    const got: string[] = [];
    await shell.run([program('slow-utf8.sh')], { onLine: (line, stream) => got.push(`${stream} ${line}`) });
    assert.equal(got, ['stdout é€🚀']);
  });
});

test('a cancelled command is ended, and the signal’s reason is the error', async () => {
  await withShells({}, async shells => {
    const stop = new AbortController();
    const shell = await shells.shell('localhost');
    const work = shell.exec(['sh', '-c', 'echo begun; sleep 60'], {
      signal: stop.signal,
      onLine: () => stop.abort(new Error('enough')),
    });
    assert.is((await work.catch(error => error)).message, 'enough');
    assert.equal(shells.stillRunning(), []);
    const late = await shell.exec(['true'], { signal: stop.signal }).catch(error => error);
    assert.is(late.message, 'enough');
  });
});

test('fifty commands at once share one signal without a warning', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error) => warnings.push(warning.message);
  process.on('warning', onWarning);
  await onLocalhost(shell => Promise.all(Array.from({ length: 50 }, () => shell.run(['true']))));
  process.off('warning', onWarning);
  assert.equal(warnings, []);
});

test.run();
