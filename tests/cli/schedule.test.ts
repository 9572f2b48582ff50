import { suite } from 'uvu';
import { equal, is, match, not } from 'uvu/assert';
import { utc } from '../../lib/cli/schedule/calendar.ts';
import { cronFields, cronLines } from '../../lib/cli/schedule/cron.ts';
import { decideUnits, healthOf, type JobFacts } from '../../lib/cli/schedule/decide.ts';
import { scheduleSteps } from '../../lib/cli/schedule/steps.ts';
import { type Operator, unitFiles } from '../../lib/cli/schedule/units.ts';
import { refuseSessionSecrets } from '../../lib/cli/verbs/schedule.ts';
import type { Site } from '../../lib/inventory/index.ts';

const by: Operator = { user: 'ops', home: '/home/ops', path: '/usr/bin:/opt/50% "go"/bin', project: '/srv/my site' };
const schedule = { backup: 'daily', drill: 'Mon *-*-* 03:00' };
const site = { name: 'lab', backup: { schedule } } as unknown as Site;

const timers = suite('schedule');

timers('a unit calls ./muster itself, as the operator, and quotes what systemd would read otherwise', () => {
  const [service = '', timer = ''] = Object.values(unitFiles(site, 'drill', by));
  match(service, /^ExecStart="\/srv\/my site\/muster" "drill" "site-rebuild" "--site" "lab" "--scheduled"$/m);
  match(service, /^Environment="HOME=\/home\/ops" "PATH=\/usr\/bin:\/opt\/50%% \\"go\\"\/bin"$/m);
  match(service, /^User=ops$/m);
  match(service, /^After=network-online.target muster-lab-backup.service$/m);
  not.match(service, /\bmake\b/);
  match(timer, /^OnCalendar=Mon \*-\*-\* 03:00\nPersistent=true$/m);
});

timers('nothing in a unit makes a mount namespace or takes devices and privileges that QEMU and podman need', () => {
  const [service = ''] = Object.values(unitFiles(site, 'backup', by));
  not.match(service, /Private|Protect|NoNewPrivileges|ReadOnly|Device|MemoryDeny|SystemCall|Restrict|LockPersonality/);
  match(service, /^KillMode=process$/m);
});

const PATHS = { service: '/x.service', timer: '/x.timer' };
const want = { files: { [PATHS.service]: 'a', [PATHS.timer]: 'b' } };
const there = { timer: 'x.timer', files: { ...want.files }, enabled: true, active: true, stale: false };
const changes = (...given: Parameters<typeof decideUnits>) => {
  const decision = decideUnits(...given);
  return decision.is === 'changes' ? decision.changes.map(({ action, what }) => `${action} ${what}`) : decision.is;
};

timers('what is there and waits is done; a file, a timer or a reload that is missing is one change each', () => {
  is(changes(want, there), 'done');
  equal(changes(want, { ...there, files: { [PATHS.timer]: 'old' }, enabled: false, active: false }), [
    'create file /x.service',
    'update file /x.timer',
    'run timer x.timer',
  ]);
  equal(changes(want, { ...there, active: false }), ['run timer x.timer']);
  equal(changes(want, { ...there, stale: true }), ['run timer x.timer']);
});

timers('a job without a calendar is no line of cron, and its timer is removed', () => {
  equal(cronLines('lab', { backup: 'daily' }, by).length, 1);
  const only = { name: 'lab', backup: { schedule: { backup: 'daily' } } } as unknown as Site;
  equal(
    scheduleSteps(only, by).map(({ id, want }) => [id, want !== undefined]),
    [
      ['schedule.backup', true],
      ['schedule.drill', false],
    ],
  );
});

timers('removal takes the timer first, then its files, and is done when both are gone', () => {
  equal(changes(undefined, there), ['delete timer x.timer', 'delete file /x.service', 'delete file /x.timer']);
  is(changes(undefined, { ...there, files: {}, enabled: false, active: false }), 'done');
});

const HOUR = 3_600_000;
const now = 1000 * HOUR;
const timer = { installed: true, waiting: true, running: false };
const ended = (exit: number) => ({ startedAt: now - 2 * HOUR, endedAt: now - 2 * HOUR, exit });

for (const [health, promise, facts] of [
  ['ok', 'ended well, and the next time is to come', { timer, last: ended(0), due: now + HOUR }],
  ['failed', 'could not tell: that is no success', { timer, last: ended(2), due: now + HOUR }],
  ['failed', 'was refused by the lock: nor is that', { timer, last: ended(4), due: now + HOUR }],
  ['waiting', 'was put here, and was not due yet', { timer, due: now + HOUR }],
  ['missed', 'was due since, though it ended well before', { timer, last: ended(0), due: now - HOUR }],
  ['missed', 'was due, and never ran', { timer, due: now - HOUR }],
  ['ok', 'is due just now, and begins within seconds', { timer, last: ended(0), due: now - 1000 }],
  ['running', 'was due, and runs', { timer: { ...timer, running: true }, due: now - HOUR }],
  ['absent', 'has no timer', { timer: { ...timer, installed: false }, last: ended(0), due: now + HOUR }],
  ['absent', 'has a timer that somebody stopped', { timer: { ...timer, waiting: false }, due: now + HOUR }],
  ['unknown', 'runs where systemd does not say', { last: ended(0), due: now + HOUR }],
  ['unknown', 'has a calendar that nobody can read', { timer, last: ended(0) }],
] satisfies [string, string, JobFacts][]) {
  timers(`${health}: a job that ${promise}`, () => is(healthOf(facts, now), health));
}

timers('a moment is read as systemd writes it in UTC, and in no other zone', () => {
  is(utc('Sat 2026-11-21 16:07:40 UTC'), Date.UTC(2026, 10, 21, 16, 7, 40));
  equal([utc(''), utc('n/a'), utc('Sat 2026-11-21 16:07:40 CET'), utc('never')], Array(4).fill(undefined));
});

const FILE = { accessKey: 'file:a', secretKey: 'file:b' };
const FILE_BUT = { ...FILE, secretKey: 'env:B' };
const refused = (more: object): string => {
  const store = { kind: 's3', ...FILE, ...more };
  try {
    refuseSessionSecrets({ path: 'x.yaml', backup: { store } } as unknown as Site);
    return 'nothing';
  } catch (error) {
    return String(error).replace(/.* says /, '');
  }
};

for (const [at, more] of [
  ['secretKey', FILE_BUT],
  ['reader.secretKey', { reader: FILE_BUT }],
  ['admin.secretKey', { admin: FILE_BUT }],
  ['replica.keys.secretKey', { replica: { keys: FILE_BUT } }],
  ['replica.reader.secretKey', { replica: { keys: FILE, reader: FILE_BUT } }],
  ['replica.admin.secretKey', { replica: { admin: FILE_BUT } }],
] as const)
  timers(`no timer is set for a run that would want a secret of somebody's session: ${at}`, () =>
    is(refused(more), `backup.store.${at}: env:B`),
  );

timers('files are there at night, and so is the chain of AWS', () => {
  is(refused({ reader: FILE, admin: 'aws', replica: { keys: FILE, reader: FILE, admin: 'aws' } }), 'nothing');
  is(refused({ replica: {} }), 'nothing');
});

timers('where systemd does not run, cron gets the same commands at the same times', () => {
  equal(['daily', '03:30', '*-*-* 03:05', 'Mon *-*-* 03:00', 'Mon..Fri 03:00', '*:0/15'].map(cronFields), [
    '0 0 * * *',
    '30 3 * * *',
    '5 3 * * *',
    '0 3 * * Mon',
    undefined,
    undefined,
  ]);
  const [backup] = cronLines('lab', schedule, by);
  is(backup, `0 0 * * * PATH='/usr/bin:/opt/50\\% "go"/bin' '/srv/my site/muster' backup --site lab --scheduled`);
});

timers.run();
