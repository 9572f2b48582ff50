import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal } from 'uvu/assert';
import { openTimings } from '../../lib/cli/timings.ts';

const timings = suite<{ dir: string }>('timings', { dir: '' });
timings.before.each(context => {
  context.dir = join(mkdtempSync(join(tmpdir(), 'muster-timings-')), 'cache');
});
timings.after.each(({ dir }) => rmSync(join(dir, '..'), { recursive: true }));

timings('are kept for the next run, beside those of other runs', ({ dir }) => {
  const [mine, theirs] = [openTimings(dir), openTimings(dir)];
  mine.add('k3s.start', 1234.5);
  theirs.add('app.seed', 99);
  mine.save();
  theirs.save();
  const next = openTimings(dir);
  equal([next.expected('k3s.start'), next.expected('app.seed'), next.expected('none')], [1235, 99, undefined]);
});

timings('are not written when nothing was measured', ({ dir }) => {
  openTimings(dir).save();
  equal(statSync(dir, { throwIfNoEntry: false }), undefined);
});

timings('that are damaged are no times, and are written anew', ({ dir }) => {
  openTimings(dir).save();
  const first = openTimings(dir);
  first.add('a', 1);
  first.save();
  writeFileSync(join(dir, 'timings.json'), '{"a": "soon", "b": 2, "c"');
  const damaged = openTimings(dir);
  equal(damaged.expected('b'), undefined);
  damaged.add('d', 4);
  damaged.save();
  equal(openTimings(dir).expected('d'), 4);
});

timings('that cannot be written cost nothing else', ({ dir }) => {
  const lost = openTimings('/dev/null/no-such-place');
  lost.add('a', 1);
  lost.save();
  equal(openTimings(dir).expected('a'), undefined);
});

timings.run();
