import { suite } from 'uvu';
import { equal, match, not } from 'uvu/assert';
import { lineRenderer } from '../../lib/cli/view/lines.ts';
import { track } from '../../lib/cli/view/track.ts';
import type { AnyStep, Change, EngineEvent } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { standingClock } from './clock.ts';

const step = (id: string, title: string, host = 'server-1') =>
  ({ id, title, target: { site: 'lab', kind: 'host', name: host } }) as AnyStep;
const boot = step('machine.power', 'Switch the machine on');
const seed = step('app.seed', 'Seed the application');
const change: Change = { action: 'create', what: 'machine server-1', grade: 'known' };

/** Plain lines of a recorded stream; a number is time that goes by. */
function recorded(events: readonly (EngineEvent | number | 'tick')[], verbose = false): string[] {
  const clock = standingClock();
  const lines: string[] = [];
  const renderer = lineRenderer(line => lines.push(line), clock, verbose);
  const expected = (key: string) => (key === 'machine.power' ? 26_000 : undefined);
  const emit = track(renderer, { clock, expected, mask: text => text.replaceAll('hunter2', '***') });
  for (const event of events) {
    if (typeof event === 'number') clock.move(event);
    else if (event === 'tick') renderer.tick();
    else emit(event);
  }
  return lines.map(line => line.trim());
}

const waiting = (saw: string, ms: number): EngineEvent => ({ type: 'waiting', step: boot, what: 'ssh', saw, ms });

const view = suite('view of a run as lines');

view('shows what runs, what it waits for and last saw, elapsed and expected time', () => {
  equal(
    recorded([
      { type: 'observing', step: boot },
      { type: 'decided', step: boot, decision: { is: 'changes', changes: [change] } },
      { type: 'begin', step: boot, change },
      6000,
      waiting('connection refused', 6000),
      20_000,
      { type: 'done', step: boot, ms: 26_000, changed: 1, reason: 'it answers' },
    ]),
    [
      '0 ms  start  server-1: Switch the machine on  (about 26.0 s)  create machine server-1',
      '6.0 s  ...    server-1: Switch the machine on  waiting for ssh; saw connection refused (6.0 s)',
      '26.0 s  done   server-1: Switch the machine on  26.0 s of about 26.0 s  it answers',
    ],
  );
});

view('is quiet about what is done already, unless asked for everything', () => {
  const done: EngineEvent = { type: 'done', step: boot, ms: 2, changed: 0, reason: 'it runs' };
  equal(recorded([{ type: 'observing', step: boot }, done]), []);
  equal(recorded([done], true), ['0 ms         server-1: Switch the machine on: it runs']);
});

view('does not flood a log: one line in five seconds and step', () => {
  const chatter = Array.from({ length: 100 }, (_, n): (EngineEvent | number)[] => [
    200,
    { type: 'progress', step: seed, text: `package ${n} of 100` },
  ]).flat();
  equal(recorded(chatter).length, 4);
});

view('names a step of which nothing was heard for half a minute', () => {
  const lines = recorded([{ type: 'begin', step: boot, change }, 29_000, 'tick', 2000, 'tick']);
  equal(
    lines.at(-1),
    '31.0 s  still  server-1: Switch the machine on  31.0 s of about 26.0 s  create machine server-1',
  );
  equal(lines.length, 2);
});

view('shows a failure at once, also of a step that never began', () => {
  const error = new OpsError('STEP_UNKNOWN', 'cannot tell about app.seed');
  equal(recorded([{ type: 'failed', step: seed, error }]), [
    '0 ms  FAILED server-1: Seed the application  cannot tell about app.seed',
  ]);
});

view('shows neither secrets nor control characters', () => {
  const secret: Change = { ...change, to: 'swordfish', secret: true };
  const lines = recorded([
    { type: 'begin', step: boot, change: secret },
    { type: 'notice', text: 'password hunter2 \u001b[31m' },
  ]).join('\n');
  not.match(lines, /swordfish|hunter2|\u001b/);
  match(lines, /password \*\*\* \\x1b\[31m/);
});

view.run();
