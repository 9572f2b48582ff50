import { suite } from 'uvu';
import { equal, is, match } from 'uvu/assert';
import { NoRoom } from '../../lib/backup/source.ts';
import { type Plant, selfTest, selfTestError } from '../../lib/drill/selftest.ts';
import { isOpsError, OpsError } from '../../lib/errors/index.ts';
import { check } from './sample.ts';

/** A copy is what was planted in it; the proof sees what it is told to see. */
interface Copy {
  planted: string;
  gone?: boolean;
}

const damage = (id: string): Plant<Copy> => ({
  id,
  title: id,
  expect: { verdict: 'not verified', code: 'WAL_GAP', level: 'L4' },
  async plant(copy) {
    copy.planted = id;
  },
});

const world = (sees: (planted: string) => boolean) => {
  const copies: Copy[] = [];
  const ms = { now: 0 };
  return {
    copies,
    test: {
      copy: async () => {
        const copy: Copy = { planted: '' };
        copies.push(copy);
        return copy;
      },
      prove: async ({ planted }: Copy) => {
        ms.now += 1500;
        if (planted === 'throws') throw new OpsError('STORE_UNREACHABLE', 'cannot reach it');
        return [sees(planted) ? check({ state: 'failed', code: 'WAL_GAP' }) : check({})];
      },
      discard: async (copy: Copy) => {
        copy.gone = true;
      },
      clock: { monotonic: () => ms.now },
      signal: new AbortController().signal,
    },
  };
};

const selftest = suite('selftest');

selftest('every damage gets a copy of its own, after a clean one; all are discarded', async () => {
  const { test, copies } = world(planted => planted !== '');
  const rows = await selfTest({ ...test, damages: [damage('one'), damage('two')] });
  equal(
    rows.map(row => [row.damage, row.found, row.seconds]),
    [
      ['clean', true, 1.5],
      ['one', true, 1.5],
      ['two', true, 1.5],
    ],
  );
  equal(
    copies,
    ['', 'one', 'two'].map(planted => ({ planted, gone: true })),
  );
  is(selfTestError(rows), undefined);
});

selftest('a damage that is not found fails it, by name', async () => {
  const { test } = world(planted => planted === 'one');
  const error = selfTestError(await selfTest({ ...test, damages: [damage('one'), damage('two')] }));
  is(error?.code, 'DAMAGE_NOT_FOUND');
  match(error?.message ?? '', /1 of 2 damages were not found/);
  equal(error?.details, ['two: expected not verified WAL_GAP at L4, got verified']);
});

selftest('one that is red on everything proves nothing, though every damage is found', async () => {
  const { test } = world(() => true);
  const rows = await selfTest({ ...test, damages: [damage('one')] });
  equal(
    rows.map(({ found }) => found),
    [false, true],
  );
  match(selfTestError(rows)?.message ?? '', /a copy without any damage is not verified/);
});

selftest('without damages the clean copy alone is no error', async () => {
  const { test } = world(() => false);
  is(selfTestError(await selfTest({ ...test, damages: [] })), undefined);
});

selftest('a proof that ends with an error found nothing, and the copy is discarded all the same', async () => {
  const { test, copies } = world(planted => planted !== '');
  const rows = await selfTest({ ...test, damages: [damage('throws')] });
  equal([rows[1]?.found, rows[1]?.verdict, rows[1]?.code], [false, 'inconclusive', 'STORE_UNREACHABLE']);
  is(copies[1]?.gone, true);
});

selftest('a stop ends it, and is not a finding', async () => {
  const { test, copies } = world(() => false);
  const stop = new AbortController();
  const prove = async () => {
    stop.abort(new OpsError('INTERRUPTED', 'cannot go on: interrupted'));
    return [];
  };
  const error = await selfTest({ ...test, prove, signal: stop.signal, damages: [] }).catch(thrown => thrown);
  is(isOpsError(error, 'INTERRUPTED'), true);
  equal(
    copies.map(({ gone }) => gone),
    [true],
  );
  const again = await selfTest({ ...test, signal: stop.signal, damages: [] }).catch(thrown => thrown);
  equal([isOpsError(again, 'INTERRUPTED'), copies.length], [true, 1]);
});

selftest('one that a small set has no room for is skipped with the reason, and the others are tried', async () => {
  const { test, copies } = world(planted => planted !== '');
  const noRoom = { ...damage('one'), plant: () => Promise.reject(new NoRoom('the set has no two packs to exchange')) };
  const rows = await selfTest({ ...test, damages: [noRoom, damage('two')] });
  equal(
    rows.map(({ damage, found, skipped, seconds }) => [damage, found, skipped, seconds]),
    [
      ['clean', true, undefined, 1.5],
      ['one', false, 'the set has no two packs to exchange', 0],
      ['two', true, undefined, 1.5],
    ],
  );
  is(selfTestError(rows), undefined);
  is(copies[1]?.gone, true);
});

selftest('one whose planting fails otherwise ends it: that is a fault of ours', async () => {
  const { test, copies } = world(planted => planted !== '');
  const broken = { ...damage('one'), plant: () => Promise.reject(new TypeError('undefined is not a function')) };
  const error = await selfTest({ ...test, damages: [broken] }).catch(thrown => thrown);
  is(error instanceof TypeError, true);
  is(copies[1]?.gone, true);
});

selftest.run();
