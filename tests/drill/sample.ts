import type { CheckResult } from '../../lib/backup/check.ts';
import type { Manifest } from '../../lib/backup/set.ts';
import { assemble, type Seen } from '../../lib/drill/assemble.ts';
import { rpoOf } from '../../lib/drill/canary.ts';
import type { Mark, Report } from '../../lib/drill/report.ts';
import { clocksOf } from '../../lib/drill/timeline.ts';

/** A rebuilt site as a drill sees it; tests change what they are about. */

export const T0 = Date.parse('2026-11-21T15:23:00.000Z');
const at = (ms: number) => new Date(T0 + ms).toISOString();
const digest = (char: string) => char.repeat(64);

export const MANIFEST: Manifest = {
  schema: 1,
  id: '20261121T152041Z-0a1b2c3d',
  site: 'lab',
  takenAt: at(-120_000),
  trigger: 'schedule',
  escrowGeneration: 1,
  commit: '5f2c1d0e9b8a',
  lockDigest: digest('b'),
  previous: null,
  sources: [
    {
      source: 'control-plane',
      tool: 'k3s',
      version: 'v1.36.3+k3s-lab',
      point: at(-120_000),
      artefacts: [{ key: 'sets/x/state.db.gz', versionId: null, size: 100, sha256: digest('c') }],
      facts: { kind: 'sqlite', copy: 'sets/x/state.db.gz', uids: {} },
    },
  ],
};

const marks = (reached: Partial<Record<Mark, number>>) =>
  clocksOf(
    Object.entries(reached).map(([mark, ms]) => ({ mark: mark as Mark, at: at(ms), boot: 'one', ms: 1000 + ms })),
  );

export const check = (over: Partial<CheckResult>): CheckResult => ({
  id: 'postgres.tables',
  title: 'Every table has its rows',
  source: 'postgres',
  level: 'L4',
  required: true,
  expected: '4 tables, 1 310 rows, 4 checksums',
  got: '4 tables, 1 310 rows, 4 checksums',
  state: 'passed',
  ...over,
});

const same = (text: string) => ({ expected: text, got: text });

export const CHECKS: readonly CheckResult[] = [
  check({
    id: 'set.artefacts',
    title: 'Every object of the set is in the store',
    source: 'set',
    level: 'L0',
    ...same('71 objects with their digests'),
  }),
  check({
    id: 'set.fresh',
    title: 'The set is younger than the RPO',
    source: 'set',
    level: 'L0',
    ...same('at most 24 h old'),
  }),
  check({
    id: 'postgres.repository',
    title: 'pgBackRest finds nothing wrong, and no WAL segment is missing',
    level: 'L1',
    ...same('0 faults, 3 segments of 3'),
  }),
  check({
    id: 'velero.kopia',
    title: 'kopia reads every file of every snapshot',
    source: 'velero',
    level: 'L1',
    ...same('1 snapshot, 61 files'),
  }),
  check({
    id: 'postgres.restored',
    title: 'PostgreSQL came up from the backup alone',
    level: 'L2',
    ...same('accepts writes on timeline 2'),
  }),
  check({
    id: 'velero.restored',
    title: 'Velero restored all volumes',
    source: 'velero',
    level: 'L2',
    ...same('1 PodVolumeRestore Completed'),
  }),
  check({
    id: 'postgres.structure',
    title: 'Roles, grants, extensions and sequences',
    level: 'L3',
    ...same('2 roles, 9 grants, 2 extensions, 3 sequences'),
  }),
  check({
    id: 'velero.objects',
    title: 'Every object of the namespace',
    source: 'velero',
    level: 'L3',
    ...same('23 objects'),
  }),
  check({}),
  check({ id: 'velero.files', title: 'Every file of the volumes', source: 'velero', ...same('61 files, 33.5 MB') }),
  check({ id: 'postgres.amcheck', title: 'No index contradicts its table', level: 'L5', ...same('11 indexes') }),
  check({ id: 'postgres.canaries', title: 'Canaries are an unbroken chain', level: 'L5', ...same('1 to 412') }),
  check({
    id: 'app.answers',
    title: 'Sign in, read and write over TLS',
    source: 'app',
    level: 'L6',
    ...same('200, 201, 200'),
  }),
  check({ id: 'site.backup', title: 'The next backup works', source: 'site', level: 'L7', ...same('a complete set') }),
];

export const seen = (over: Partial<Seen> = {}): Seen => {
  const canaries = [{ number: 412, written: at(-8_000), hash: digest('d') }];
  const common = { t0: new Date(T0), bound: 40 };
  return {
    drill: {
      id: '20261121T152300Z-1f2e3d4c',
      scenario: 'site-rebuild',
      title: 'The whole site is lost and rebuilt from nothing',
      mode: 'destroy',
      site: 'lab',
      target: 'lab',
      commit: '5f2c1d0e9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d',
      lockDigest: digest('b'),
      by: { trigger: 'person', name: 'ada on workstation' },
      versions: { muster: '0.1.0', pgBackRest: '2.45', Velero: 'v1.18.3', kopia: '0.22.3', PostgreSQL: '15.14' },
    },
    set: { manifest: MANIFEST, sha256: digest('a') },
    objectives: { rto: 600_000, proof: 30 * 86_400_000 },
    clocks: marks({
      t0: 0,
      t1: 6_200,
      t2: 8_100,
      t3: 34_500,
      t4: 110_900,
      t5: 168_000,
      t6: 251_300,
      t7: 262_700,
      t8: 281_400,
    }),
    rpo: [
      rpoOf({ source: 'postgres', canaries, target: 300_000, ...common }),
      rpoOf({
        source: 'velero',
        canaries: [{ number: 401, written: at(-118_000), hash: digest('e') }],
        target: 86_400_000,
        ...common,
      }),
    ],
    checks: CHECKS,
    notTried: ['The loss of the store itself: it lies on this computer, and outlived the site.'],
    history: [
      { id: '20261114T030000Z-aaaaaaaa', at: '2026-11-14T03:00:00.000Z', verdict: 'verified', rto: 302_000 },
      { id: '20261107T030000Z-bbbbbbbb', at: '2026-11-07T03:00:00.000Z', verdict: 'not verified', rto: null },
      { id: '20261031T030000Z-cccccccc', at: '2026-10-31T03:00:00.000Z', verdict: 'inconclusive', rto: null },
    ],
    left: [],
    ...over,
  };
};

export const sample = (over: Partial<Seen> = {}): Report => assemble(seen(over));
