import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allEntries, beginSession, fileLock, readJournal, runSteps } from '../../lib/engine/index.ts';
import { archiveJournal, type Entry, openBegins, openJournal } from '../../lib/engine/journal.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { make, memoryGate, newEnv, newWorld } from './world.ts';

const test = suite<{ state: string }>('engine journal');
test.before.each(async context => {
  context.state = await mkdtemp(join(tmpdir(), 'muster-journal-'));
});
test.after.each(context => rm(context.state, { recursive: true, force: true }));

const begin = (n: number): Entry => ({
  t: 'begin',
  n,
  at: '2026-11-21T00:00:00.000Z',
  step: 'machine',
  target: 'host/server-1',
  want: 'abc',
  change: { action: 'create', what: 'machine "server-1" }\\n{', grade: 'known' },
});
const head: Entry = {
  t: 'run',
  pid: 1,
  id: 'run-1',
  verb: 'bootstrap',
  site: 'lab',
  startedAt: '2026-11-21T00:00:00.000Z',
  choices: {},
};

async function written(state: string, entries: Entry[]): Promise<string> {
  const journal = await openJournal(state);
  for (const entry of entries) await journal.append(entry);
  await journal.close();
  return join(state, 'journal.jsonl');
}

test('gives back what was written', async ({ state }) => {
  const entries = [head, begin(1), { t: 'end', n: 1, at: 'x', ms: 3 } as const];
  assert.equal(await readJournal(await written(state, entries)), { entries, torn: 0 });
});

test('a last line cut at any byte is dropped and counted, and never breaks the reading', async ({ state }) => {
  const path = await written(state, [head, begin(1)]);
  const bytes = await readFile(path);
  const first = bytes.indexOf(10) + 1;
  for (let cut = first; cut < bytes.length; cut++) {
    await writeFile(path, bytes.subarray(0, cut));
    const { entries, torn } = await readJournal(path);
    assert.equal([entries.length, torn], [1, cut - first], `cut at ${cut}`);
  }
});

test('any bit flipped before the last line is refused with the offset of its line', async ({ state }) => {
  const path = await written(state, [head, begin(1), begin(2)]);
  const bytes = await readFile(path);
  const start = bytes.indexOf(10) + 1;
  const end = bytes.indexOf(10, start);
  for (let at = start; at < end; at++) {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    await writeFile(path, copy);
    const error = await readJournal(path).catch(thrown => thrown);
    assert.ok(isOpsError(error, 'JOURNAL_DAMAGED'), `flip at ${at}`);
    assert.match(error.message, new RegExp(`byte ${start} `));
  }
});

test('a torn tail is cut off before anything is appended', async ({ state }) => {
  const path = await written(state, [head]);
  await appendFile(path, '{"t":"beg');
  const { torn } = await readJournal(path);
  const journal = await openJournal(state, torn);
  await journal.append(begin(1));
  await journal.close();
  assert.is((await readJournal(path)).entries.length, 2);
});

test('a begin without an end is known as open', async () => {
  assert.equal(
    openBegins([head, begin(1), { t: 'end', n: 1, at: '', ms: 1 }, begin(2)]).map(entry => entry.n),
    [2],
  );
});

const session = (state: string, verb: string, notices: string[] = []) =>
  beginSession({
    run: { ...newEnv(newWorld(), state).run, id: `id-${verb}`, verb },
    lock: fileLock(state, Date.now),
    clock: systemClock,
    notice: text => void notices.push(text),
  });

test('a killed run is gone on with under its own id, and its open effect is named', async ({ state }) => {
  await written(state, [head, begin(1)]);
  const notices: string[] = [];
  const { run, open, gate, end } = await session(state, 'bootstrap', notices);
  assert.equal([run.id, open.length, gate.next()], ['run-1', 1, 2]);
  assert.match(notices.join(), /killed during: create machine/);
  assert.match((await end('done')) ?? '', /journals\/run-1\.jsonl$/);
});

test('a killed run of another verb is sealed as abandoned, and its entries stay known', async ({ state }) => {
  await written(state, [head, begin(1)]);
  await appendFile(join(state, 'journal.jsonl'), '{"torn');
  const { gate, end } = await session(state, 'destroy');
  await (await gate.journal()).append(begin(gate.next()));
  await end('done');
  const kinds = (await allEntries(state)).map(entry => (entry.t === 'seal' ? entry.result : entry.t));
  assert.equal(kinds.sort(), ['abandoned', 'begin', 'begin', 'done', 'run', 'run']);
});

test('a session without an effect leaves no journal and no lock', async ({ state }) => {
  const { end } = await session(state, 'bootstrap');
  assert.is(await end('done'), undefined);
  assert.equal(await allEntries(state), []);
  await (await session(state, 'destroy')).end('done');
});

test('an effect whose intent cannot be written is not begun', async ({ state }) => {
  const world = newWorld();
  const gate = { ...memoryGate(), journal: () => openJournal(join(import.meta.filename, 'x')) };
  const error = await runSteps([make(world, 'db')], newEnv(world, state), gate).catch(thrown => thrown);
  assert.ok(error instanceof Error);
  assert.equal(world.effects, []);
});

test('sealed journals keep their name', async ({ state }) => {
  await written(state, [head]);
  assert.match(await archiveJournal(state, 'run-9'), /run-9/);
});

test.run();
