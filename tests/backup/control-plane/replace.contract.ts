import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import { equal, is, ok } from 'uvu/assert';
import { REPLACE } from '../../../lib/backup/control-plane/scripts.ts';

const test = suite<{ dir: string }>('the script that puts a datastore in the place of another');
test.before.each(context => {
  context.dir = mkdtempSync(join(tmpdir(), 'muster-replace-'));
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }));

const PROGRAMS = ['mkdir', 'gzip', 'chmod', 'sync', 'systemctl', 'cmp', 'rm', 'mv'];

/** Does its work unless as many programs as were granted have run: then the script is gone, as with its machine. */
const counting = (real: string) => `#!/bin/sh
n=$(($(cat "$COUNT") + 1))
echo $n >"$COUNT"
if test $n -gt $GRANTED; then kill -9 $PPID; exit 9; fi
PATH=/usr/bin:/bin exec ${real} "$@"
`;

/** A folder with a datastore of the given files, and a way to run the script in it. */
function place(dir: string, name: string, files: Record<string, string>) {
  const [db, bin] = [join(dir, name, 'db'), join(dir, name, 'bin')];
  for (const folder of [db, bin]) mkdirSync(folder, { recursive: true });
  for (const program of PROGRAMS) {
    const real = /^(systemctl|sync)$/.test(program) ? 'true' : program;
    writeFileSync(join(bin, program), counting(real), { mode: 0o755 });
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(db, file), text);
  const [datastore, copy, count] = [join(db, 'state.db'), join(db, 'state.db.copy.gz'), join(dir, name, 'count')];
  return {
    text: (file: string) => (existsSync(join(db, file)) ? readFileSync(join(db, file), 'utf8') : undefined),
    programs: () => Number(readFileSync(count, 'utf8')),
    /** As a restore does it: the copy is sent before. True: it came to its end. */
    run(granted = 1000, sent = gzipSync('the copy')): boolean {
      writeFileSync(copy, sent);
      writeFileSync(count, '0');
      const env = { PATH: `${bin}:/usr/bin:/bin`, COUNT: count, GRANTED: String(granted) };
      return spawnSync('sh', ['-c', REPLACE, 'sh', datastore, copy], { env }).status === 0;
    },
  };
}

const OLD = { 'state.db': 'the old one', 'state.db-wal': 'its WAL' };
const EARLIER = { 'state.db.before': 'one before that', 'state.db.before-wal': 'and its WAL' };
const NAMES = [
  'state.db',
  'state.db-wal',
  'state.db.before',
  'state.db.before-wal',
  'state.db.new',
  'state.db.copy.gz',
];
const seen = ({ text }: ReturnType<typeof place>) => NAMES.map(text);
const REPLACED = ['the copy', undefined, 'the old one', 'its WAL', undefined, undefined];

test('puts the copy there, and keeps the old one with its WAL, in the place of one that was kept before', ({ dir }) => {
  const whole = place(dir, 'whole', { ...OLD, ...EARLIER });
  ok(whole.run());
  equal(seen(whole), REPLACED);
  const closed = place(dir, 'closed', { 'state.db': 'the old one', ...EARLIER });
  ok(closed.run());
  equal([closed.text('state.db.before'), closed.text('state.db.before-wal')], ['the old one', undefined]);
});

test('makes what is not there, and then leaves alone what was kept before', ({ dir }) => {
  const lost = place(dir, 'lost', EARLIER);
  ok(lost.run());
  equal(seen(lost), ['the copy', undefined, 'one before that', 'and its WAL', undefined, undefined]);
});

for (const [what, files, after] of [
  ['the old one', OLD, REPLACED],
  ['the old one, beside one that was kept before', { ...OLD, ...EARLIER }, REPLACED],
  ['nothing', {}, ['the copy', ...Array(5).fill(undefined)]],
] as const)
  test(`cut anywhere in the place of ${what}, a second run ends it and loses neither`, ({ dir }) => {
    let done = false;
    for (let granted = 0; !done; granted++) {
      const cut = place(dir, `after-${granted}`, files);
      done = cut.run(granted);
      if (what !== 'nothing') {
        const [now, , kept] = seen(cut);
        ok([now, kept].includes('the old one'), `it is lost after ${granted} programs`);
        ok(now !== undefined || cut.text('state.db.new') === 'the copy', `there is none after ${granted} programs`);
      }
      ok(cut.run());
      equal(seen(cut), after, `after ${granted} programs`);
      ok(granted < 100);
    }
  });

test('restores once more over a copy that has run since, and keeps that', ({ dir }) => {
  const ran = place(dir, 'ran', { 'state.db': 'the copy', 'state.db-wal': 'written since', ...EARLIER });
  ok(ran.run());
  equal(seen(ran), ['the copy', undefined, 'the copy', 'written since', undefined, undefined]);
});

test('stops nothing for a copy that does not unpack', ({ dir }) => {
  const torn = place(dir, 'torn', OLD);
  is(torn.run(1000, gzipSync('the copy').subarray(0, 15)), false);
  equal([torn.text('state.db'), torn.text('state.db-wal'), torn.programs()], ['the old one', 'its WAL', 2]);
});

test.run();
