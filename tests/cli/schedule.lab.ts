import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Guest, startGuest } from './schedule-guest.ts';

/** Both due in the same second, as daily and weekly are on a Monday. */
const OFTEN = "{ backup: '*:*:0/10', drill: '*:*:0/10', ping: 'http://127.0.0.1:8999/check/{verb}' }";
const SELDOM = '{ backup: yearly, drill: monthly }';
const test = suite<{ guest: Guest }>('timers for backups and drills');

test.before(async context => {
  context.guest = await startGuest(SELDOM);
  await context.guest.ends(0, 1500);
});

test.after(async ({ guest }) => guest?.remove());

const until = async <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> => {
  for (const start = Date.now(); Date.now() - start < 30_000; ) {
    const seen = await look();
    if (seen) return seen;
    await new Promise(done => setTimeout(done, 250));
  }
  throw new Error(`did not see ${what} within 30 s`);
};

const jobs = async (guest: Guest) => {
  const { code, stdout } = await guest.muster('schedule', 'status', '--json');
  const [backup, drill] = JSON.parse(stdout) as { health: string; says: string; last?: { exit: number } }[];
  assert.ok(backup && drill);
  return { code, backup, drill };
};

test('a dry run shows them and installs none', async ({ guest }) => {
  const { code, stdout, stderr } = await guest.muster('schedule', '--dry-run');
  assert.is(code, 0, stderr);
  assert.match(stdout, /create .* file \/etc\/systemd\/system\/muster-timers-drill\.timer/);
  assert.is(await guest.sh('ls /etc/systemd/system | grep -c muster || true'), '0\n');
  const before = await jobs(guest);
  assert.equal([before.code, before.backup.health, before.drill.health], [1, 'absent', 'absent']);
});

test('a calendar expression that systemd refuses, or that never comes again, is said before anything is written', async ({
  guest,
}) => {
  await guest.schedule("{ backup: 'every other day', drill: weekly }");
  const refused = await guest.muster('schedule');
  assert.is(refused.code, 3);
  assert.match(refused.stderr, /backup\.schedule\.backup: every other day\n(.*\n)*why .*Failed to parse/);
  await guest.schedule("{ backup: daily, drill: '2020-01-01' }");
  assert.match((await guest.muster('schedule')).stderr, /backup\.schedule\.drill: 2020-01-01\n(.*\n)*why .*never/);
  await guest.schedule(SELDOM);
});

test('they are installed, wait, and a second run changes nothing', async ({ guest }) => {
  const first = await guest.muster('schedule');
  assert.is(first.code, 0, first.stderr);
  assert.is(await guest.sh('systemd-analyze verify /etc/systemd/system/muster-timers-*.timer 2>&1'), '');
  assert.is(
    await guest.sh('systemctl is-active muster-timers-backup.timer muster-timers-drill.timer'),
    'active\nactive\n',
  );
  assert.equal(JSON.parse((await guest.muster('schedule', '--json')).stdout).changed, []);
  const { code, backup } = await jobs(guest);
  assert.equal([code, backup.health], [0, 'waiting']);
  assert.match(backup.says, /no run ended yet; next \d{4}-01-01 00:00 UTC/);
});

test('a new calendar is seen and put right; due in the same second, the drill waits for the backup', async ({
  guest,
}) => {
  await guest.schedule(OFTEN);
  const { code, stderr } = await guest.muster('schedule');
  assert.is(code, 0, stderr);
  const order = await until('both to end', async () => {
    const seen = await guest.ran();
    // The timers are put right one after the other: at the first time there may have been only one of them.
    const drill = seen.findIndex(({ verb, word }, at) => at > 1 && verb === 'drill' && word === 'begins');
    return drill >= 0 && seen.length >= drill + 2 && seen.slice(drill - 2, drill + 2);
  });
  assert.equal(
    order.map(({ verb, word }) => `${verb} ${word}`),
    ['backup begins', 'backup ends', 'drill begins', 'drill ends'],
  );
  const flags = { site: 'timers', scheduled: true };
  assert.equal(order[0], { verb: 'backup', word: 'begins', args: [], flags, home: '/root' });
  assert.equal(order[2], { verb: 'drill', word: 'begins', args: ['site-rebuild'], flags, home: '/root' });
});

test('the dead-man is told, each verb at a URL of its own, though it answered 500 first', async ({ guest }) => {
  const pings = await until('two pings', async () => {
    const seen = await guest.pings();
    return seen.includes('/check/drill') && seen.includes('/check/backup') && seen;
  });
  assert.ok(pings.includes('/check/backup'));
  // The first was answered with 500.
  assert.is(pings[0], pings[1]);
  const { backup } = await jobs(guest);
  assert.match(backup.says, /last run .* ago, exit status 0/);
});

test('"could not tell" is not lost: exit status 2 reaches systemd, the dead-man and the status', async ({ guest }) => {
  await guest.ends(2, 100);
  await until('a ping with 2', async () => (await guest.pings()).includes('/check/backup/2'));
  const { code, backup } = await jobs(guest);
  assert.equal([code, backup.health, backup.last?.exit], [1, 'failed', 2]);
  assert.match(await guest.sh('systemctl show muster-timers-backup -p ExecMainStatus -p Result'), /ExecMainStatus=2\n/);
});

test('a run of somebody else is not overlapped: the scheduled one is refused with 4, and that is no success', async ({
  guest,
}) => {
  await guest.ends(0, 11_000);
  const soon = () => new Promise<undefined>(done => setTimeout(() => done(undefined), 3000));
  // Refused itself when a timer was first.
  await until('the lock', async () => (await Promise.race([guest.muster('backup'), soon()])) === undefined);
  const said = 'journalctl -q -o cat -u muster-timers-backup -u muster-timers-drill';
  await until('a refusal', async () => /cannot start: 'backup' runs since/.test(await guest.sh(said)));
  await until('its ping', async () => (await guest.pings()).some(path => path.endsWith('/4')));
});

test('runs longer than the time between them never overlap', async ({ guest }) => {
  const before = (await guest.ran()).length;
  await until('one more to begin', async () => (await guest.ran()).length > before);
  let inside = 0;
  for (const { word } of await guest.ran()) {
    inside += word === 'begins' ? 1 : -1;
    assert.ok(inside <= 1);
  }
});

test('a run that was missed is shown', async ({ guest }) => {
  await guest.ends(0, 0);
  await guest.schedule(SELDOM);
  assert.is((await guest.muster('schedule')).code, 0);
  await guest.sh(`cd /etc/systemd/system && touch -d '400 days ago' muster-timers-backup.timer
    old=$(date -d '399 days ago' +%s)000
    cd '/opt/ops 100%/muster/.muster/timers/scheduled'
    echo "{ \\"startedAt\\": $old, \\"endedAt\\": $old, \\"exit\\": 0 }" >backup.json`);
  const { code, backup } = await jobs(guest);
  assert.equal([code, backup.health], [1, 'missed']);
  assert.match(backup.says, /MISSED: was due \d{4}-01-01 00:00 UTC; last run 399 d/);
});

const LOOK =
  "find /etc/systemd /var/lib/systemd/timers -name '*muster-*'; systemctl list-units --all --no-legend 'muster-*'";

test('in another time zone than UTC what is due is due there, and is told in UTC', async ({ guest }) => {
  const zone = (await readFile('/usr/share/zoneinfo/America/New_York')).toString('base64');
  await guest.sh(`systemctl stop muster-timers-backup.timer; rm -f /etc/localtime
    echo ${zone} | base64 -d >/etc/localtime; date +%Z | grep -q E.T`);
  await guest.schedule(SELDOM);
  const { code, stderr } = await guest.muster('schedule');
  assert.is(code, 0, stderr);
  await guest.sh(`cd /etc/systemd/system && touch -d '400 days ago' muster-timers-backup.timer
    rm -f '/opt/ops 100%/muster/.muster/timers/scheduled/backup.json'`);
  const missed = await jobs(guest);
  assert.match(missed.backup.says, /MISSED: was due \d{4}-01-01 05:00 UTC; .*next \d{4}-01-01 05:00 UTC/);
  await guest.sh(`touch /etc/systemd/system/muster-timers-backup.timer; systemctl daemon-reload`);
  const { backup } = await jobs(guest);
  assert.equal([backup.health, /next \d{4}-01-01 05:00 UTC/.test(backup.says)], ['waiting', true]);
});

test('somebody who may not become root is refused with what to type, and nothing is half set up', async ({ guest }) => {
  const before = await guest.sh(LOOK);
  await guest.sh(`id ops >/dev/null 2>&1 || useradd -m ops; chmod -R a+rwX '/opt/ops 100%/muster'`);
  const said = await guest.sh(`cd '/opt/ops 100%/muster' && for verb in schedule 'schedule remove'; do
    su ops -c "./muster $verb --site timers" 2>&1; echo "ended $?"; done`);
  assert.equal(said.match(/ended \d+/g), ['ended 4', 'ended 4'], said);
  assert.match(said, /cannot set timers: ops may not become root here/);
  assert.match(said, /0 0 1 \* \* PATH=.* drill site-rebuild --site timers --scheduled/);
  assert.is(await guest.sh(LOOK), before);
});

test('a teardown takes the timers first; those of another checkout it names, and leaves', async ({ guest }) => {
  await guest.owned(SELDOM);
  const unit = '/etc/systemd/system/muster-timers-backup.service';
  await guest.sh(`cp ${unit} /tmp/unit; sed -i 's|ExecStart="[^"]*"|ExecStart="/srv/other/muster"|' ${unit}`);
  const others = await guest.muster('destroy', '--confirm=timers');
  assert.is(others.code, 0, others.stderr);
  assert.match(others.stdout, /its timers, of \/srv\/other: there, \.\/muster schedule remove --site timers/);
  assert.match(await guest.sh(LOOK), /muster-timers-drill\.timer/);
  await guest.sh(`cp /tmp/unit ${unit}; systemctl daemon-reload`);
  const plan = await guest.muster('destroy', '--dry-run');
  assert.match(plan.stdout, /delete .*timer muster-timers-backup\.timer/);
  const { code, stderr } = await guest.muster('destroy', '--confirm=timers');
  assert.is(code, 0, stderr);
  assert.is(await guest.sh(LOOK), '');
  assert.is((await guest.muster('schedule')).code, 0);
});

test('they are removed, without a trace in systemd', async ({ guest }) => {
  const { code, stderr } = await guest.muster('schedule', 'remove');
  assert.is(code, 0, stderr);
  assert.is(await guest.sh(LOOK), '');
  assert.equal(JSON.parse((await guest.muster('schedule', 'remove', '--json')).stdout).changed, []);
});

test.run();
