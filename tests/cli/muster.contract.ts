import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, match, not, ok } from 'uvu/assert';

const ROOT = join(import.meta.dirname, '..', '..');
const MUSTER = join(ROOT, 'muster');

const run = (args: readonly string[], program = MUSTER) => {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, CI: '' } });
  return { status, stdout, stderr };
};

const muster = suite('muster');

muster('says on stdout what was asked for, and nothing on stderr', () => {
  const { status, stdout, stderr } = run(['--help']);
  equal([status, stderr], [0, '']);
  match(stdout, /^usage: \.\/muster VERB/);
  equal(run([]).stdout, stdout);
  match(run(['destroy', '--help']).stdout, /--confirm SITE/);
});

muster('refuses bad usage with status 3, on stderr, with what to type', () => {
  const { status, stdout, stderr } = run(['bootsrap']);
  equal([status, stdout], [3, '']);
  match(stderr, /^error {3}cannot use 'bootsrap': there is no such verb\nnext {4}did you mean bootstrap\?\n/);
});

muster('gives errors as data when data is asked for', () => {
  const { status, stdout } = run(['plan', '--json', '--site', 'no-such-site']);
  const { error } = JSON.parse(stdout);
  equal([status, error.exit, error.code, error.site], [3, 3, 'INVENTORY_MISSING', 'no-such-site']);
});

muster('explains every code, and finds the one that was meant', () => {
  match(run(['explain', 'lock-held']).stdout, /^LOCK_HELD {2}exit status 4\n/);
  match(run(['explain', 'LOCK_HELT']).stderr, /\.\/muster explain LOCK_HELD/);
  ok(run(['explain']).stdout.split('\n').length > 40);
});

muster('keeps its exit status when its reader goes away', () => {
  // The reader is gone before the first byte is written.
  const script = `{ sleep 0.3; exec "${MUSTER}" explain; } | true; exit "$\{PIPESTATUS[0]}"`;
  const { status, stderr } = run(['-c', script], '/bin/bash');
  equal(stderr, '');
  equal(status, 0);
});

muster('never destroys without the name of the site, whatever --yes says', () => {
  for (const confirm of [[], ['--confirm', 'labb']]) {
    const { status, stderr } = run(['destroy', '--yes', '--site', 'lab', ...confirm]);
    equal(status, 4);
    match(stderr, /cannot destroy lab: --confirm is .*expected 'lab'/);
  }
});

muster('works from any directory and through a link to its folder', () => {
  const dir = mkdtempSync(join(tmpdir(), 'muster-link-'));
  symlinkSync(ROOT, join(dir, 'here'));
  equal(run(['--help'], join(dir, 'here', 'muster')).status, 0);
  rmSync(dir, { recursive: true });
});

/** A checkout without packages, in which npm is a program of ours. */
function bareCheckout(npm: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'muster-bare-'));
  copyFileSync(MUSTER, join(dir, 'muster'));
  writeFileSync(join(dir, 'package-lock.json'), '{}');
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin', 'npm'), `#!/bin/sh\necho "$@" >>"${dir}/npm.log"\n${npm}`, { mode: 0o755 });
  return dir;
}

const setUp = (dir: string) =>
  spawnSync(join(dir, 'muster'), ['setup'], { encoding: 'utf8', env: { PATH: `${dir}/bin:/usr/bin:/bin` } });

muster('says what to type when it is not set up', () => {
  const dir = bareCheckout('');
  const { status, stderr } = run(['plan'], join(dir, 'muster'));
  equal(status, 3);
  match(stderr, /type: make setup/);
  rmSync(dir, { recursive: true });
});

muster('sets up from the lockfile, and not again until that changes', () => {
  const dir = bareCheckout('mkdir -p node_modules');
  const calls = () =>
    spawnSync('cat', [join(dir, 'npm.log')], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n').length;
  equal([setUp(dir).status, calls()], [0, 1]);
  equal([setUp(dir).status, calls()], [0, 1]);
  writeFileSync(join(dir, 'package-lock.json'), '{"changed": true}');
  equal([setUp(dir).status, calls()], [0, 2]);
  rmSync(dir, { recursive: true });
});

muster('does not call a set-up done that npm did not finish', () => {
  const dir = bareCheckout('mkdir -p node_modules; exit 7');
  ok(setUp(dir).status !== 0);
  ok(setUp(dir).status !== 0);
  rmSync(dir, { recursive: true });
});

/** A verb that works until it is stopped, in the very surroundings of a verb. */
const WORKS = `
  const { interruptible } = await import('${ROOT}/lib/cli/signals.ts');
  const signal = interruptible(process, text => console.error(text));
  const stubborn = process.argv.includes('stubborn');
  console.log('ready');
  const busy = setInterval(() => undefined, 1000);
  signal.addEventListener('abort', () => {
    console.error(signal.reason.message);
    if (stubborn) return;
    clearInterval(busy);
    process.exitCode = signal.reason.exit;
  });
`;

const interrupted = (signals: readonly NodeJS.Signals[], ...args: string[]) =>
  new Promise<{ code: number | null; stderr: string; ms: number }>(done => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', WORKS, '--', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    let start = 0;
    const left = [...signals];
    const next = () => {
      const signal = left.shift();
      if (signal) child.kill(signal);
    };
    child.stderr.on('data', data => {
      stderr += data;
      next();
    });
    child.stdout.once('data', () => {
      start = performance.now();
      next();
    });
    child.on('close', code => done({ code, stderr, ms: performance.now() - start }));
  });

muster('stops at SIGINT and SIGTERM: the work is aborted, status 130', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { code, stderr } = await interrupted([signal]);
    equal(code, 130);
    match(stderr, new RegExp(`cannot go on: stopped by ${signal}`));
  }
});

muster('ends at once at the second SIGINT, though the work goes on', async () => {
  const { code, ms } = await interrupted(['SIGINT', 'SIGINT'], 'stubborn');
  equal(code, 130);
  ok(ms < 2500, `took ${ms} ms`);
});

muster('ends within 5 s of the first signal, though the work goes on', async () => {
  const { code, stderr, ms } = await interrupted(['SIGTERM'], 'stubborn');
  equal(code, 130);
  ok(ms > 4000 && ms < 6500, `took ${ms} ms`);
  match(stderr, /stopping took more than 5 s/);
});

/** The living list on a real terminal, made by script(1). */
const onTerminal = (end: string) => {
  const view = `
    const { openView } = await import('${ROOT}/lib/cli/view/index.ts');
    const { streamOutput } = await import('${ROOT}/lib/cli/output.ts');
    const { systemClock } = await import('${ROOT}/lib/time/index.ts');
    const view = await openView({ out: streamOutput(process), flags: {} }, { clock: systemClock, cache: '/dev/null/none', mask: text => text });
    const step = { id: 'x', title: 'Boot', target: { site: 's', kind: 'host', name: 'server-1' } };
    view.emit({ type: 'begin', step, change: { action: 'create', what: 'machine', grade: 'known' } });
    await new Promise(done => setTimeout(done, 400));
    ${end}`;
  const dir = mkdtempSync(join(tmpdir(), 'muster-tty-'));
  writeFileSync(join(dir, 'view.mjs'), view);
  const command = `stty cols 100 rows 30; ${process.execPath} ${join(dir, 'view.mjs')}`;
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', input: '' });
  rmSync(dir, { recursive: true });
  return stdout;
};

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';

for (const [how, end] of [
  ['the run ends', 'view.end();'],
  ['the process exits', 'process.exit(3);'],
  ['the process dies of an error', "throw new Error('boom');"],
] as const) {
  muster(`gives the terminal its cursor back when ${how}`, () => {
    const drawn = onTerminal(end);
    match(drawn, /server-1: Boot/);
    ok(drawn.includes(HIDE));
    ok(drawn.lastIndexOf(SHOW) > drawn.lastIndexOf(HIDE));
  });
}

muster('draws nothing on what is no terminal', () => {
  not.match(run(['plan', '--site', 'no-such-site']).stderr, /\u001b/);
});

muster.run();
