import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Command, Probe, Shell } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { createFacts, hostFacts } from '../../lib/shell/index.ts';
import { makeShells, refusal } from './local-shells.ts';

const test = suite('facts');

/** The real local shell, and how often it was asked. */
function counting() {
  const asked: Command[] = [];
  const shells = makeShells();
  const shell = async (host: string): Promise<Shell> => {
    const real = await shells.shell(host);
    return {
      ...real,
      exec(command, options) {
        asked.push(command);
        return real.exec(command, options);
      },
    };
  };
  return { asked, facts: createFacts(shell), close: shells.close };
}

const probe = (id: string, script: string): Probe<string> => ({
  id,
  script,
  parse: (stdout, code) => `${code}:${stdout}`,
});

test('probes of one host that are asked together travel as one script', async () => {
  const { asked, facts, close } = counting();
  const answers = await Promise.all([1, 2, 3].map(n => facts.ask('localhost', probe(`p${n}`, `echo ${n}`))));
  assert.equal(answers, ['0:1\n', '0:2\n', '0:3\n']);
  assert.is(asked.length, 1);
  await close();
});

test('no probe can spoil another: whatever it prints, breaks, changes or reads', async () => {
  const { asked, facts, close } = counting();
  const scripts: Record<string, [script: string, answer: string]> = {
    exit: ['echo before; exit 7; echo after', '7:before\n'],
    syntax: ['if true; then', '2:'],
    nothing: ['', '0:'],
    'no newline': ["printf 'no newline'", '0:no newline'],
    'newlines at the end': ["printf 'a\\n\\n'", '0:a\n\n'],
    stdin: ['cat; echo read', '0:read\n'],
    killed: ["sh -c 'kill -KILL $$'", '137:'],
    'cd and variables': ['cd /tmp; mark=x; limit=false; exec 3>&1; set -e; pwd', '0:/tmp\n'],
    quotes: [`echo "it's" '"'`, `0:it's "\n`],
    'its own number line': ['echo "0123456789abcdef0123456789abcdef 0"', '0:0123456789abcdef0123456789abcdef 0\n'],
    'to stderr': ['echo noise >&2', '0:'],
    after: ['pwd', `0:${process.cwd()}\n`],
  };
  const names = Object.keys(scripts);
  const answers = await Promise.all(names.map(name => facts.ask('localhost', probe(name, scripts[name]?.[0] ?? ''))));
  for (const [index, name] of names.entries()) assert.is(answers[index], scripts[name]?.[1], name);
  assert.is(asked.length, 1);
  await close();
});

test('an answer is kept until it is forgotten; one that makes no sense is not kept', async () => {
  const { asked, facts, close } = counting();
  const once = probe('once', 'echo 1');
  await facts.ask('localhost', once);
  await facts.ask('localhost', once);
  assert.is(asked.length, 1);
  facts.forget('another');
  await facts.ask('localhost', once);
  assert.is(asked.length, 1);
  facts.forget('localhost');
  await facts.ask('localhost', once);
  assert.is(asked.length, 2);
  const senseless: Probe<never> = {
    id: 's',
    script: '',
    parse: () => {
      throw new OpsError('COMMAND_FAILED', 'cannot read it');
    },
  };
  const others = Promise.all([facts.ask('localhost', probe('other', 'echo 2'))]);
  await refusal(facts.ask('localhost', senseless));
  assert.equal(await others, ['0:2\n']);
  await refusal(facts.ask('localhost', senseless));
  assert.is(asked.length, 4);
  await close();
});

test('a host that cannot be reached fails all that wait for it, and nobody else', async () => {
  const shells = makeShells();
  const facts = createFacts(async host => {
    if (host === 'dead') throw new OpsError('SHELL_UNREACHABLE', 'cannot reach dead');
    return shells.shell(host);
  });
  const asked = ['a', 'b'].map(id => facts.ask('dead', probe(id, 'echo')));
  const alive = facts.ask('localhost', probe('a', 'echo here'));
  for (const answer of asked) assert.is((await refusal(answer)).code, 'SHELL_UNREACHABLE');
  assert.is(await alive, '0:here\n');
  await shells.close();
});

test('one probe tells what a host is', async () => {
  const { facts, close } = counting();
  const host = await facts.ask('localhost', hostFacts);
  assert.match(host.bootId, /^[0-9a-f-]{36}$/);
  assert.is(host.arch, { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64']);
  assert.ok(host.memory > 256 * 1024 * 1024 && host.diskFree > 0 && host.cpus > 0);
  assert.ok(host.os.id !== '' && host.kernel !== '');
  await close();
});

test('a host that does not say a number is an error, not a zero', () => {
  assert.throws(() => hostFacts.parse('os-id debian\ncpus \n', 0), /cpus is "", not a number/);
});

test.run();
