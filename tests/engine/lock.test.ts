import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fileLock } from '../../lib/engine/index.ts';
import { isOpsError } from '../../lib/errors/index.ts';

const test = suite<{ state: string }>('engine lock');
test.before.each(async context => {
  context.state = await mkdtemp(join(tmpdir(), 'muster-lock-'));
});
test.after.each(context => rm(context.state, { recursive: true, force: true }));

test('the second run is refused and told who holds it, since when, and what to type', async ({ state }) => {
  const lock = fileLock(state, () => Date.parse('2026-11-21T10:00:00Z'));
  const held = await lock.acquire('bootstrap');
  const error = await lock.acquire('destroy').catch(thrown => thrown);
  assert.ok(isOpsError(error, 'LOCK_HELD'));
  assert.match(error.message, new RegExp(`'bootstrap' runs since 2026-11-21T10:00:00.000Z as pid ${process.pid}`));
  assert.match(error.hint, /kill -INT/);
  await held.release();
  await (await lock.acquire('destroy')).release();
  assert.equal(await readdir(state), []);
});

for (const [title, holder] of [
  ['whose process is gone', { pid: 4194999 }],
  ['whose pid now belongs to another process', { pid: process.pid, startTime: '1' }],
  ['of another boot', { pid: process.pid, bootId: 'other' }],
  ['that was half written', undefined],
] as const)
  test(`a lock ${title} is taken over`, async ({ state }) => {
    await writeFile(
      join(state, 'lock'),
      holder ? JSON.stringify({ id: 'old', bootId: '', startTime: '', ...holder }) : '{"id":',
    );
    await (await fileLock(state, Date.now).acquire('bootstrap')).release();
  });

test('a lock of a process that was killed and not yet waited for is taken over', async ({ state }) => {
  // The child ends at once, and the parent never waits for it.
  const program = '$| = 1; my $pid = fork; exit unless $pid; print "$pid\\n"; sleep 30';
  const parent = spawn('perl', ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const pid = Number(await new Promise(resolve => parent.stdout.once('data', resolve)));
    const stat = async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ');
    while ((await stat())[2] !== 'Z') await new Promise(resolve => setTimeout(resolve, 10));
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const holder = { id: 'old', pid, bootId, startTime: (await stat())[21] };
    await writeFile(join(state, 'lock'), JSON.stringify(holder));
    await (await fileLock(state, Date.now).acquire('bootstrap')).release();
  } finally {
    parent.kill('SIGKILL');
  }
});

test('of many that start together over a stale lock exactly one proceeds', async ({ state }) => {
  await writeFile(join(state, 'lock'), JSON.stringify({ id: 'old', pid: 4194999, bootId: '', startTime: '' }));
  const program = `
    import { fileLock } from ${JSON.stringify(join(import.meta.dirname, '../../lib/engine/lock.ts'))};
    try { await fileLock(${JSON.stringify(state)}, Date.now).acquire('x'); console.log('won'); setTimeout(() => {}, 60000); }
    catch (error) { console.log(error.code); }`;
  // Who won holds it until all have said how they fared, however slow this computer is.
  const all = Array.from({ length: 8 }, () => run(program));
  const results = await Promise.all(all.map(({ says }) => says));
  for (const { child } of all) child.kill('SIGKILL');
  assert.equal(results.filter(line => line === 'won').length, 1, results.join(' '));
  assert.equal(results.filter(line => line === 'LOCK_HELD').length, 7, results.join(' '));
});

function run(program: string): { child: ChildProcess; says: Promise<string> } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const says = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', chunk => resolve(String(chunk).trim()));
    child.on('error', reject).on('close', () => resolve('nothing'));
  });
  return { child, says };
}

test.run();
