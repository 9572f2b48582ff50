import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { corruptions } from '../../../lib/backup/postgres/checks.ts';
import { whyNotLoaded } from '../../../lib/backup/postgres/dump.ts';
import { linesOf, parseFacts, parsePoint } from '../../../lib/backup/postgres/facts.ts';
import { parseInfo } from '../../../lib/backup/postgres/info.ts';
import { whyEnded } from '../../../lib/backup/postgres/paused.ts';
import { readVerify } from '../../../lib/backup/postgres/repository-checks.ts';
import type { Output } from '../../../lib/engine/index.ts';

const test = suite("the tools' words are read");

/** As pgBackRest 2.45 printed them. */
const info = (status: object, backup: object[] = []) =>
  JSON.stringify([
    {
      archive: [{ id: '15-1', max: '00000001000000000000000A', min: '1' }],
      backup,
      name: 'app-x',
      repo: [{ status }],
      status,
    },
  ]);
const BACKUP = {
  annotation: { set: 'S' },
  archive: { start: '000000010000000000000003', stop: '000000010000000000000003' },
  backrest: { format: 5, version: '2.45' },
  error: false,
  info: { size: 35784972 },
  label: '20261121-154647F',
  timestamp: { start: 1795276007, stop: 1795276011 },
  type: 'full',
};

test('info tells an empty repository from one that it could not look into: its exit status is 0 for both', () => {
  assert.is(parseInfo(info({ code: 1, message: 'missing stanza path' })).is, 'absent');
  assert.is(parseInfo(info({ code: 2, message: 'no valid backups' })).is, 'empty');
  const ok = parseInfo(info({ code: 0, message: 'ok' }, [BACKUP]));
  assert.equal([ok.is, ok.newest, ok.backups[0]?.label], ['ok', '00000001000000000000000A', '20261121-154647F']);
  assert.throws(
    () => parseInfo(info({ code: 99, message: '[HostConnectError] unable to connect' })),
    (error: { code: string; message: string }) =>
      error.code === 'STORE_UNREACHABLE' && error.message.includes('unable to connect'),
  );
});

const REPORT = (backup: string) =>
  [
    'stanza: app-x',
    'status: x',
    '  archiveId: 15-1, total WAL checked: 7, total valid WAL: 7',
    '    missing: 0, checksum invalid: 0, size invalid: 0, other: 0',
    backup,
  ].join('\n');

test('verify is believed by its report: its exit status is 0 over damage', () => {
  const whole =
    '  backup: 20261121-154647F, status: valid, total files checked: 1270, total valid files: 1270\n    missing: 0, checksum invalid: 0, size invalid: 0, other: 0';
  assert.is(readVerify(REPORT(whole), '20261121-154647F').state, 'passed');
  const broken =
    '  backup: 20261121-154647F, status: invalid, total files checked: 1270, total valid files: 1269\n    checksum invalid: 1';
  const found = readVerify(REPORT(broken), '20261121-154647F');
  assert.equal(
    [found.state, found.code, found.details?.[1]],
    ['failed', 'SET_ARTEFACT_CHANGED', 'checksum invalid: 1'],
  );
  assert.is(readVerify(REPORT(whole), '20261121-999999F').code, 'SET_ARTEFACT_MISSING');
  assert.is(readVerify('', '20261121-154647F').state, 'failed');
});

test('why a restore ended is named by what it said', () => {
  const codes = [
    'ERROR: [055]: ...\nCryptoError: unable to flush',
    "ERROR: [095]: unable to load backup manifest file 'x' or 'x.copy':\n CryptoError: unable to flush",
    'does not fit: 35784972 bytes and a tenth of it and 64 MiB for WAL, into 1000',
    'FATAL:  recovery ended before configured recovery target was reached',
    'HostConnectError: unable to connect to 127.0.0.1:7443: Connection refused',
    'ERROR: [026]: error restoring base/1/2: ChecksumError',
    '',
    'ERROR: [039]: HTTP request failed with 503 (Service Unavailable):\n*** Path/Query ***:',
    "ERROR: [095]: unable to load backup manifest file 'x':\nHTTP request failed with 500 (Internal Server Error)",
    'unable to negotiate TLS connection: certificate verify failed',
    'OOMKilled (exit status 137)',
    'Pod was evicted: The node was low on resource: memory. (exit status undefined)',
    'FATAL:  could not write to file "pg_wal/xlogtemp.31": No space left on device (exit status 1)',
    'its pod is gone',
  ].map(said => whyEnded(said).code);
  assert.equal(codes, [
    'KEY_WRONG',
    'RESTORE_FAILED',
    'RESTORE_UNFIT',
    'WAL_GAP',
    'STORE_UNREACHABLE',
    'RESTORE_FAILED',
    'CHECK_UNRUN',
    'STORE_UNREACHABLE',
    'STORE_UNREACHABLE',
    'STORE_UNREACHABLE',
    'CHECK_UNRUN',
    'CHECK_UNRUN',
    'CHECK_UNRUN',
    'CHECK_UNRUN',
  ]);
});

test('why a dump does not load is named by what it said', () => {
  const codes = [
    'loading\npg_restore: error: input file is too short (read 0, expected 5)',
    'ERROR: [095]: unable to flush',
    'pg_restore: error: could not execute query: ERROR:  relation "users" already exists',
    'HostConnectError: unable to connect',
    'pg_restore: error: could not write to file: No space left on device',
  ].map(said => whyNotLoaded('sets/S/postgres.dump', said).code);
  assert.equal(codes, ['DUMP_EMPTY', 'KEY_WRONG', 'DUMP_UNREADABLE', 'STORE_UNREACHABLE', 'CHECK_UNRUN']);
});

test('facts without an end, and a dump without one, are no facts', () => {
  const head = { kind: 'database', database: 'app', serverVersion: '15', systemIdentifier: '7' };
  const text = (...lines: object[]) => linesOf(lines.map(line => JSON.stringify(line)).join('\n'));
  assert.is(parseFacts(text(head, { kind: 'end' }), 'x').database, 'app');
  assert.throws(() => parseFacts(text(head), 'x'), /has no end/);
  const point = { kind: 'point', name: 'muster-S', lsn: '0/1', wal: 'W', timeline: 1, at: '2026-11-21T15:57:43.740Z' };
  assert.throws(() => parsePoint(text(point, { kind: 'globals' }), 'x'), /the dump of x/);
  assert.throws(() => parsePoint(text(point, { kind: 'dumped' }), 'x'), /the globals of x/);
  assert.equal(parsePoint(text(point, { kind: 'dumped' }, { kind: 'globals' }), 'x').wal, 'W');
});

test('what amcheck found is read out of its warnings, hostile names and all', () => {
  const name = 'public."<script>\n"';
  const line = `psql:<stdin>:30: WARNING:  ${JSON.stringify({ kind: 'corrupt', name, says: 'heap tuple (0,1) lacks an index tuple' })}`;
  const stderr = { text: `${line}\nNOTICE:  nothing\n` } as Output;
  assert.equal(corruptions({ stderr }), [`${name}: heap tuple (0,1) lacks an index tuple`]);
});

test.run();
