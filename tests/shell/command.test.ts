import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ExecOptions } from '../../lib/engine/index.ts';
import { Secret } from '../../lib/secret/index.ts';
import { loginLine, quote, wrap } from '../../lib/shell/command.ts';
import { program, refusal, withShells } from './local-shells.ts';

const test = suite('what travels to a command');
const cases: { name: string; value: string }[] = JSON.parse(
  readFileSync(new URL('../cases/shell/hostile-values.json', import.meta.url), 'utf8'),
);
const hex = (values: readonly string[]) => values.map(value => `${Buffer.from(value).toString('hex')}\n`).join('');

for (const { name, value } of cases) {
  test(`${name}: arrives byte for byte as an argument, in the environment and from sh`, async () => {
    const values = [value, `a${value}`, `${value}z`];
    await withShells({}, async shells => {
      const shell = await shells.shell('localhost');
      assert.is(await shell.run([program('argv.sh'), ...values]), hex(values));
      assert.is(await shell.run({ script: `${quote(program('argv.sh'))} "$@"`, args: values }), hex(values));
      assert.is(await shell.run(['sh', '-c', 'printf %s "$V"'], { env: { V: value } }), value);
    });
    const line = loginLine([program('argv.sh'), ...values].map(quote).join(' '), false);
    assert.is(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' }), hex(values));
  });
}

const refused: { name: string; argv: readonly unknown[]; says: RegExp }[] = [
  { name: 'a NUL byte', argv: ['echo', 'a\0b'], says: /cannot pass a NUL byte in argument 1/ },
  { name: 'undefined', argv: ['rm', '-rf', undefined], says: /cannot pass undefined as argument 2/ },
  { name: 'null', argv: ['echo', null], says: /cannot pass null as argument 1/ },
  { name: 'half a character', argv: ['echo', '\ud83d'], says: /lone surrogate/ },
  { name: 'no programme', argv: [], says: /"" as the name of a programme/ },
  { name: 'an option as programme', argv: ['-a', 'x'], says: /"-a" as the name/ },
  { name: 'one MiB', argv: ['echo', 'x'.repeat(1024 * 1024)], says: /cannot pass 1048\d+ bytes of arguments/ },
];
for (const { name, argv, says } of refused) {
  test(`${name}: is refused before anything runs`, async () => {
    await withShells({}, async shells => {
      const error = await refusal((await shells.shell('localhost')).exec(argv as string[]));
      assert.is(error.code, 'ARGUMENT_REFUSED');
      assert.match(error.message, says);
      assert.equal(shells.stillRunning(), []);
    });
  });
}

test('a secret is in the bytes for stdin, and not in the sh text, which every user of a host can read', () => {
  const { text, preamble } = wrap(['true'], { env: { A: 'open' }, secretEnv: { B: new Secret('hidden') } }, 'm1', '');
  assert.match(text, 'open');
  assert.not.match(text, 'hidden');
  assert.is(preamble, 'hidden\n');
});

test('a relative cwd, a bad variable name, and stdin beside a script are refused', async () => {
  await withShells({}, async shells => {
    const shell = await shells.shell('localhost');
    const bad: ExecOptions[] = [{ cwd: 'tmp' }, { env: { 'A-B': '1' } }, { env: { 'A=1;id #': '1' } }];
    for (const options of bad) {
      assert.is((await refusal(shell.exec(['true'], options))).code, 'ARGUMENT_REFUSED');
    }
    assert.is((await refusal(shell.exec({ script: 'true' }, { stdin: 'x' }))).code, 'ARGUMENT_REFUSED');
  });
});

test.run();
