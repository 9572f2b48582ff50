import { mkdir } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { qmp } from '../../lib/host/qemu/qmp.ts';
import { withQmp } from './qmp-server.ts';
import { inState, refusal } from './world.ts';

test('an event that comes before the answer is not taken for it', () =>
  inState(async ({ dir, qmp: path }) => {
    await mkdir(dir, { recursive: true });
    const lines = [{ event: 'POWERDOWN' }, { return: { status: 'running' } }];
    assert.equal(
      await withQmp(
        path,
        () => lines,
        () => qmp(path, 'query-status'),
      ),
      { status: 'running' },
    );
  }));

test("QEMU's refusal is told in its own words", () =>
  inState(async ({ dir, qmp: path }) => {
    await mkdir(dir, { recursive: true });
    const error = await withQmp(
      path,
      () => [{ error: { desc: 'not now' } }],
      () => refusal(qmp(path, 'cont')),
    );
    assert.is(error.code, 'QMP_SILENT');
    assert.match(error.message, /cannot ask QEMU to cont .*: not now/);
  }));

test('a QEMU that hangs up, or whose socket nobody serves, is not one that answered', () =>
  inState(async ({ dir, qmp: path }) => {
    await mkdir(dir, { recursive: true });
    const hung = await withQmp(
      path,
      () => undefined,
      () => refusal(qmp(path, 'query-status')),
    );
    assert.is(hung.code, 'QMP_SILENT');
    assert.is((await refusal(qmp(path, 'query-status'))).code, 'QMP_SILENT');
  }));

test.run();
