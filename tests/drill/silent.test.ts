import { suite } from 'uvu';
import { equal, is, match } from 'uvu/assert';
import { newestOfOld, silentResult } from '../../lib/drill/checks/silent.ts';
import type { Drill } from '../../lib/drill/scenario.ts';
import type { Clock } from '../../lib/time/index.ts';
import { MANIFEST } from './sample.ts';

const T0 = Date.parse('2026-11-21T12:00:00.000Z');
const ARCHIVE = 'pgbackrest/archive/app-x/15-1';

/** A segment of a timeline, archived so many seconds after the rebuild began. */
const segment = (timeline: number, number: number, seconds: number) => {
  const hex = (n: number) => n.toString(16).toUpperCase().padStart(8, '0');
  const name = `${hex(timeline)}00000000${hex(number)}`;
  const key = `${ARCHIVE}/${name.slice(0, 16)}/${name}-${'a'.repeat(40)}.zst`;
  return { key, size: 1, etag: 'x', modified: new Date(T0 + seconds * 1000).toISOString() };
};

const test = suite('whether the lost database still writes');

test('what a restored database archives is on a timeline of its own, and is no sign of the lost one', () => {
  const objects = [segment(1, 5, -300), segment(1, 6, -240), segment(2, 7, 30), segment(2, 8, 90)];
  equal(newestOfOld(objects, new Date(T0))?.name, '000000010000000000000006');
  is(newestOfOld([segment(1, 1, 20)], new Date(T0)), undefined);
});

interface Look {
  /** Seconds after t0 at which the rebuild looks first. */
  from: number;
  /** Archived at these seconds, one segment each. */
  archived: readonly number[];
}

/** The check on a clock that jumps; a segment is seen when its time has come. */
async function lookedAt({ from, archived }: Look) {
  let now = T0 + from * 1000;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async ms => {
      now += ms;
    },
  };
  const list = async () => archived.flatMap((at, n) => (T0 + at * 1000 <= now ? [segment(1, n + 1, at)] : []));
  const said: string[] = [];
  const part = { source: 'postgres', facts: { pgbackrest: { stanza: 'app-x' } } };
  const target = {
    site: { name: 'lab' },
    ports: { clock, store: async () => ({ list }) },
    signal: new AbortController().signal,
    emit: ({ text }: { text: string }) => void said.push(text),
  };
  const set = { manifest: { ...MANIFEST, sources: [part] } };
  const result = await silentResult({ target, set, t0: new Date(T0) } as unknown as Drill);
  return { ...result, waited: Math.round((now - T0) / 1000) - from, said };
}

test('an archive that has been silent for long is silent, and nobody waits', async () => {
  const { state, waited, said } = await lookedAt({ from: 40, archived: [-900, -600] });
  equal([state, waited, said], ['passed', 0, []]);
});

test('a site that was lost a moment ago is waited for until a living one would have written', async () => {
  const { state, waited, said } = await lookedAt({ from: 40, archived: [-70, -10] });
  equal([state, waited, said.length], ['passed', 32, 1]);
});

test('a database that lives elsewhere is found, and nothing is restored beside it', async () => {
  for (const archived of [
    [-70, -10, 50],
    [-30, 30, 90],
  ]) {
    const { state, code, got } = await lookedAt({ from: 40, archived });
    equal([state, code], ['unrun', 'RESTORE_TARGET']);
    match(got, 'the database lives elsewhere');
  }
});

test.run();
