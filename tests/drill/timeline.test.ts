import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is, match, ok } from 'uvu/assert';
import { openTimeline, sinceLoss, systemBootTime } from '../../lib/drill/timeline.ts';
import { asOpsError } from '../../lib/errors/index.ts';

const timeline = suite<{ folder: string }>('timeline');
timeline.before.each(context => {
  context.folder = mkdtempSync(join(tmpdir(), 'muster-timeline-'));
});
timeline.after.each(({ folder }) => rmSync(folder, { recursive: true }));

/** A computer whose two clocks a test sets. */
const computer = (boot: string) => {
  const clocks = { utc: Date.parse('2026-11-21T15:00:00.000Z'), ms: 1000 };
  return {
    clocks,
    open: (folder: string) => openTimeline(folder, { now: () => clocks.utc }, () => ({ boot, ms: clocks.ms })),
  };
};

timeline('a killed drill goes on with the marks that it had, and counts the time in between', async ({ folder }) => {
  const { clocks, open } = computer('a');
  const first = await open(join(folder, 'drill'));
  await first.mark('t0');
  clocks.ms += 5000;
  await first.mark('t3');
  clocks.ms += 60_000;
  const second = await open(join(folder, 'drill'));
  equal(second.marks(), first.marks());
  await second.mark('t8');
  equal([sinceLoss(second.clocks(), 't3'), sinceLoss(second.clocks(), 't8')], [5000, 65_000]);
  equal(readdirSync(join(folder, 'drill')), ['marks.json']);
});

timeline('a mark never moves', async ({ folder }) => {
  const { clocks, open } = computer('a');
  const marks = await open(folder);
  const first = await marks.mark('t0');
  clocks.ms += 100;
  clocks.utc += 100;
  equal(await marks.mark('t0'), first);
  equal(await (await open(folder)).mark('t0'), first);
});

timeline('marks that are not what was written are refused, not begun again', async ({ folder }) => {
  for (const text of ['', '[', '[{"mark":"t0"}]', '{}']) {
    writeFileSync(join(folder, 'marks.json'), text);
    const error = asOpsError(
      await computer('a')
        .open(folder)
        .catch(thrown => thrown),
    );
    is(error.code, 'EVIDENCE_INVALID');
    match(error.message, /^cannot go on with the clocks in .*marks\.json/);
  }
});

timeline('without a loss nothing is since the loss', async ({ folder }) => {
  const marks = await computer('a').open(folder);
  await marks.mark('t3');
  is(sinceLoss(marks.clocks(), 't3'), null);
});

timeline('the time since boot is the same for every process, and goes on', async () => {
  const [one, two] = [await systemBootTime(), await systemBootTime()];
  const [first, second] = [one(), two()];
  is(first.boot, second.boot);
  match(first.boot, /^[0-9a-f-]{36}$/);
  // Of a process it would be seconds: this computer was there before this test.
  ok(second.ms >= first.ms && first.ms > performance.now());
});

timeline.run();
