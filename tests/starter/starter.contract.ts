import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, match, ok } from 'uvu/assert';

const MAIN = join(import.meta.dirname, 'main.ts');
const FIXTURES = join(import.meta.dirname, 'fixtures');

interface Ran {
  code: number | null;
  output: string;
  last: string;
}

/** fixture, the last line, what the output explains; a green line is the only one with status 0. */
const CASES: [string, string, RegExp][] = [
  ['good', '2 passed, 0 failed, 0 skipped', /ok {4} tests\/good\.test\.ts {2}2 tests/],
  ['before-throws', '0 passed, 2 failed, 0 skipped', /before of "broken" failed: Error: no database/],
  ['after-throws', '0 passed, 1 failed, 0 skipped', /after of "broken" failed: Error: a machine is left/],
  ['throws-oddly', '1 passed, 2 failed, 0 skipped', /details: \[ 'line 1', 'line 2' \]/],
  ['each-throws', '0 passed, 2 failed, 0 skipped', /after\.each of "broken" failed: Error: cannot tidy up/],
  ['run-forgotten', '1 passed, 1 failed, 0 skipped', /1 of 2 tests never ran: \.run\(\) is missing/],
  ['no-test', '0 passed, 1 failed, 0 skipped', /the file has no test/],
  ['fails', '1 passed, 1 failed, 0 skipped', /wanted-that/],
  ['only', '1 passed, 1 failed, 0 skipped', /"two" is \.only/],
  ['skips-quietly', '1 passed, 1 failed, 0 skipped', /"two" is \.skip, which has no reason/],
  ['skips', '1 passed, 0 failed, 3 skipped', /"two": no \/dev\/kvm on this computer[\s\S]*"whole 2": no podman/],
  ['exits', '0 passed, 1 failed, 0 skipped', /before its tests did/],
  ['killed', '0 passed, 1 failed, 0 skipped', /ended by SIGKILL/],
  ['never-settles', '0 passed, 1 failed, 0 skipped', /before its tests did/],
  ['never-ends', '0 passed, 1 failed, 0 skipped', /did not end within 1\.5 s/],
  ['hangs', '1 passed, 1 failed, 0 skipped', /the event loop goes on after the last test: TCPServerWrap/],
  ['leaves-child', '1 passed, 1 failed, 0 skipped', /left running: sleep/],
  ['leaves-daemon', '1 passed, 0 failed, 0 skipped', /ok/],
  ['imports-nothing', '0 passed, 1 failed, 0 skipped', /ERR_MODULE_NOT_FOUND/],
];

/** A tree of its own, with links to the fixtures, so that no history of this checkout is touched. */
function tree(names: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'muster-starter-'));
  mkdirSync(join(root, 'tests'));
  for (const name of names) symlinkSync(join(FIXTURES, name), join(root, 'tests', name));
  return root;
}

const start = (args: string[]) =>
  new Promise<Ran>(done => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += data));
    child.on('close', code => done({ code, output, last: output.trimEnd().split('\n').at(-1) ?? '' }));
  });

const starter = suite<{ root: string; ran: Map<string, Ran> }>('starter', { root: '', ran: new Map() });

starter.before(async context => {
  context.root = tree(readdirSync(FIXTURES));
  const names = CASES.map(([name]) => name);
  const ran = names.map(name => {
    const deadline = name === 'never-ends' ? ['--deadline', '1500'] : [];
    return start(['--root', context.root, ...deadline, `tests/${name}.test.ts`]);
  });
  context.ran = new Map((await Promise.all(ran)).map((result, n) => [names[n] ?? '', result]));
});
starter.after(({ root }) => rmSync(root, { recursive: true }));

for (const [name, last, explained] of CASES) {
  starter(`counts ${name} as ${last}, and says why`, ({ ran }) => {
    const result = ran.get(name);
    equal(result?.last, last);
    match(result?.output ?? '', explained);
    equal(result?.code, last.includes(' 0 failed') ? 0 : 1);
  });
}

starter('says at the end once more why a file failed: of a long run often the end alone is kept', ({ ran }) => {
  const end = (name: string) => ran.get(name)?.output.split('\nfailed\n')[1] ?? '';
  match(end('before-throws'), /before-throws\.test\.ts {2}see .*\n {6}before of "broken": no database\n/);
  match(end('fails'), /\n {6}"[^"]+": .*wanted-that/);
  match(end('killed'), /\n {6}ended by SIGKILL\n/);
});

starter('has a case for every fixture of the unit tier', () => {
  const fixtures = readdirSync(FIXTURES).filter(name => name.endsWith('.test.ts'));
  equal(fixtures.sort(), CASES.map(([name]) => `${name}.test.ts`).sort());
});

starter('fails when a pattern matches no file', async ({ root }) => {
  const result = await start(['--root', root, 'unit', '--only', 'no-such-file']);
  equal(result.last, '0 passed, 0 failed, 0 skipped');
  match(result.output, /no file matches/);
  equal(result.code, 1);
});

starter('finds no test in a folder of fixtures', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const result = await start(['--root', root, 'unit', '--only', 'starter/fixtures/']);
  match(result.output, /no file matches/);
});

starter('ends whole process groups at the deadline, also a child that ignores TERM', ({ ran }) => {
  const pid = Number(/endless\s+(\d+)/.exec(ran.get('never-ends')?.output ?? '')?.[1]);
  ok(pid > 1);
  ok(!isRunning(pid), `process ${pid} still runs`);
});

starter('counts what only test-full runs as skipped, with the date of its last run', async () => {
  const root = tree(['good.test.ts', 'full.full.ts']);
  const before = await start(['--root', root, 'unit', 'lab']);
  equal(before.last, '2 passed, 0 failed, 3 skipped');
  match(before.output, /full\.full\.ts {2}3 tests: only in make test-full; never run here/);
  const full = await start(['--root', root, 'unit', 'lab', 'full']);
  equal(full.last, '5 passed, 0 failed, 0 skipped');
  const after = await start(['--root', root, 'unit', 'lab']);
  match(after.output, /3 tests: only in make test-full; last run 20\d\d-\d\d-\d\dT[\d:.]+Z, passed/);
  equal(after.last, '2 passed, 0 failed, 3 skipped');
  rmSync(root, { recursive: true });
});

starter('stopped by a signal, ends what runs, says what did not run, and exits with 130', async ({ root }) => {
  const args = ['--root', root, 'tests/never-ends.test.ts', 'tests/good.test.ts', 'tests/fails.test.ts'];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', data => (output += data));
  // Only the endless file still runs when both others have been shown.
  const shown = () => /good\.test\.ts[\s\S]*fails\.test\.ts|fails\.test\.ts[\s\S]*good\.test\.ts/.test(output);
  // Twice, as an impatient hand does; not until the end, where node has already given its handlers back.
  let kills = 0;
  const poll = setInterval(() => shown() && kills++ < 2 && child.kill('SIGINT'), 50);
  const code = await new Promise(done => child.once('close', done));
  clearInterval(poll);
  equal(code, 130);
  match(output, /ended by SIG(TERM|KILL)[\s\S]*stopped by SIGINT: 0 files did not run/);
  match(output.trimEnd().split('\n').at(-1) ?? '', /^3 passed, 2 failed, 0 skipped$/);
});

starter('refuses a file whose name is of no tier', async ({ root }) => {
  const result = await start(['--root', root, 'tests/good.ts']);
  match(result.output, /cannot run tests\/good\.ts: its name ends in none of/);
  ok(result.code !== 0);
});

/** A zombie is as good as gone. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

starter.run();
