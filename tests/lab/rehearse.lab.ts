import { execFile } from 'node:child_process';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256Of } from '../../lib/backup/sign.ts';
import type { Report } from '../../lib/drill/report.ts';
import { containerProcesses } from '../../lib/host/container/processes.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { type EscrowKeys, escrowKeys } from './escrow-keys.ts';

const SITE = 'rehtest';
const inventory = ({ dir, recipients }: EscrowKeys) => `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [module] }
provider: { kind: container }
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 2GiB, disk: 10GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: false }
app: { users: 200, avatars: 20 }
backup:
  store: { kind: local }
  sources: [postgres, velero]
  namespaces: [app]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 5m
  escrow:
    recipients: [${recipients.join(', ')}]
    identity: ${dir}/drills.txt
    places: [${dir}/vault, ${dir}/usb]
drills: { heartbeat: 5s, proof: 30d }
`;
/** What muster keeps of a lab beside its checkout. */
const KEPT = join(homedir(), '.local/share/muster', SITE);

interface Context extends EscrowKeys {
  checkout: Checkout;
  /** Of the second site. */
  state: string;
  /** The source's own process. */
  pid: number;
  keys: string[];
  drilled: { report: Report; folder: string };
}

const test = suite<Context>('a rebuild that is rehearsed beside the living site');
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
const machines = async (site: string) =>
  (await containerProcesses()).filter(({ name }) => name === `muster-${site}-server-1`);

/**
 * What the source wrote itself meanwhile is segments of its own timeline, each once: a copy that wrote would begin another
 * timeline, by a history, or archive a segment of the old one a second time.
 */
async function keysOf({ checkout }: Context): Promise<string[]> {
  const bucket = join(checkout.dir, '.muster/stores', SITE, 'data', `muster-${SITE}`);
  const all = (await readdir(bucket, { recursive: true })).sort();
  const segments = all.filter(isSegment).map(key => basename(key).slice(0, 24));
  const info = all.filter(key => /(archive|backup)\.info/.test(key));
  const bytes = await Promise.all(info.map(async key => sha256Of(await readFile(join(bucket, key)))));
  return [
    ...all.filter(key => !isSegment(key) && !/^pgbackrest\/archive\/.*\/[0-9A-F]{16}$/.test(key)),
    ...[...new Set(segments.map(segment => segment.slice(0, 8)))].map(timeline => `timeline ${timeline}`),
    `segments that were archived twice: ${segments.length - new Set(segments).size}`,
    ...bytes,
  ];
}

const isSegment = (key: string) => /^pgbackrest\/archive\/.*\/[0-9A-F]{24}-[0-9a-f]{40}/.test(key);

/** With the stick that a person brings. */
const brought = ({ dir }: Context) => ['--identity', join(dir, 'offline.txt')];

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  Object.assign(context, await escrowKeys(SITE, 'offline.txt', 'away.txt'));
  context.checkout = await newCheckout(SITE, inventory(context));
  context.state = `${context.checkout.state}-rehearsal`;
  await context.checkout.commit();
  for (const verb of ['bootstrap', 'backup']) {
    const { code, stderr } = await context.checkout.muster(verb);
    assert.is(code, 0, stderr.slice(-2000));
  }
  context.pid = (await machines(SITE))[0]?.pid ?? 0;
  context.keys = await keysOf(context);
});

test.after(async ({ checkout, dir }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  for (const path of [KEPT, dir]) await rm(path, { recursive: true, force: true });
  await checkout.remove();
});

test('without a private half of the escrow nothing is proven, and nothing begun; with one the backups are audited', async context => {
  const { checkout, state } = context;
  const { code, stdout } = await checkout.muster('drill', 'site-rebuild', '--json');
  const { report } = JSON.parse(stdout) as { report: Report };
  assert.equal([code, report.verdict], [2, 'inconclusive']);
  const escrow = report.checks.find(({ id }) => id === 'set.escrow');
  assert.match(`${escrow?.state} ${escrow?.got}`, /^unrun .* its identity is not here: bring it with --identity FILE/);
  assert.is(await exists(state), false);
  assert.is((await checkout.muster('backup-audit')).code, 2);
  const audit = await checkout.muster('backup-audit', ...brought(context));
  assert.is(audit.code, 0, audit.stdout);
});

test('one that is killed leaves its second site, which nobody else takes meanwhile', async context => {
  const { checkout, state } = context;
  const { child, ended } = checkout.start('drill', 'site-rebuild', ...brought(context));
  const journal = () => readFile(join(state, 'journal.jsonl'), 'utf8').catch(() => '');
  while (child.exitCode === null && !(await journal()).includes('"step":"k3s.')) await promisify(setTimeout)(50);
  const other = await checkout.muster('drill', 'site-rebuild');
  assert.is(other.code, 4);
  assert.match(other.stderr, 'LOCK_HELD');
  child.kill('SIGKILL');
  assert.is((await ended).signal, 'SIGKILL');
  assert.is((await machines(`${SITE}-rehearsal`)).length, 1);
});

test('the next one removes it, and proves the backup on a fenced site of its own', async context => {
  const { code, stdout, stderr } = await context.checkout.muster(
    'drill',
    'site-rebuild',
    '--json',
    ...brought(context),
  );
  assert.is(code, 0, stderr.split('\n').slice(-20).join('\n') + stdout.slice(-3000));
  assert.match(stderr, 'was killed before its end');
  context.drilled = JSON.parse(stdout);
  const { verdict, mode, target, checks, clocks, left, rpo, notProven } = context.drilled.report;
  assert.equal([verdict, mode, target, left], ['verified', 'rehearse', `${SITE}-rehearsal (container)`, []]);
  assert.match(notProven.join('\n'), 'That the site can be replaced where it stands');
  const passed = checks.filter(({ state }) => state === 'passed').map(({ id }) => id);
  for (const id of ['site.isolated', 'site.apart', 'site.fence', 'postgres.checksums', 'canary.rows', 'app.person'])
    assert.ok(passed.includes(id), id);
  for (const id of ['site.scratch-apart', 'site.next-backup']) assert.ok(passed.includes(id), id);
  assert.is(passed.length, checks.length);
  assert.equal(
    clocks.marks.map(({ mark }) => mark),
    ['t0', 't2', 't3', 't4', 't5', 't6', 't7', 't8'],
  );
  assert.equal([...new Set(rpo.sources.map(({ met }) => met))], [true]);
});

test('no data came to it before its fence was proven', async ({ drilled }) => {
  const ids = drilled.report.checks.map(({ id }) => id);
  const journal = await readFile(join(drilled.folder, 'journal.jsonl'), 'utf8');
  assert.ok(ids.indexOf('site.fence') < ids.indexOf('postgres.starts'));
  assert.match(journal, '"step":"velero.restore"');
  assert.not.match(journal, `"site":"${SITE}"`);
});

test('what it leaned on is listed in the report, and nothing of its source is in the list', async ({
  checkout,
  drilled,
}) => {
  const { details = [] } = drilled.report.checks.find(({ id }) => id === 'site.isolated') ?? {};
  assert.ok(
    details.some(line => line.startsWith('escrow: ')) && details.some(line => line.startsWith('age identity: ')),
  );
  const own = details.filter(line => line.includes(`${checkout.dir}/`));
  assert.equal(
    own.map(line => line.replace(checkout.dir, '')),
    [
      'npm packages, as the commit pins them: /node_modules (read)',
      `state of the new site, empty at t0: /.muster/${SITE}-rehearsal (write)`,
    ],
  );
});

test('nothing of it is left, and its evidence holds', async ({ checkout, state, drilled }) => {
  assert.is(await exists(state), false);
  assert.is(await exists(join(checkout.dir, 'kubeconfigs', `${SITE}-rehearsal.yaml`)), false);
  assert.is((await machines(`${SITE}-rehearsal`)).length, 0);
  assert.equal(await readdir(join(checkout.dir, '.muster/stores', SITE, 'data')), [`muster-${SITE}`]);
  // The folder of its lock.
  assert.equal(await readdir(join(checkout.dir, '.muster/rehearsals')), [SITE]);
  assert.not.match(await readFile('/proc/self/mountinfo', 'utf8'), `${checkout.dir}/`);
  const { stdout } = await promisify(execFile)(join(checkout.dir, 'muster'), ['verify-evidence', drilled.folder]);
  assert.match(stdout, SITE);
});

test('one that leans on a secret of its source turns red before a machine is made', async ({
  checkout,
  dir,
  state,
}) => {
  // The computer's own, where its inventory says.
  await rename(join(dir, 'away.txt'), join(dir, 'drills.txt'));
  const script = join(checkout.dir, 'scripts/15-open-store.ts');
  const text = await readFile(script, 'utf8');
  const lean = `import { readFileSync } from 'node:fs';\nconst lean = (project: string) => readFileSync(\`\${project}/.muster/${SITE}/secrets/backup/kopia-password\`);\n`;
  const leaning = text.replace('const { of, generation } = rehearsal;', '$& lean(dirs.project);');
  assert.is.not(leaning, text);
  await writeFile(script, `${lean}${leaning}`);
  await checkout.commit();
  const { code, stdout } = await checkout.muster('drill', 'site-rebuild', '--json');
  const { report } = JSON.parse(stdout) as { report: Report };
  assert.is.not(code, 0);
  assert.is(report.verdict, 'inconclusive');
  assert.match(report.error?.message ?? '', `ENOENT: no such file or directory, open '${checkout.state}/secrets`);
  assert.is(await exists(state), false);
});

test('its source ran on: the same machine, an unbroken heartbeat, and a store in which nothing else was written', async context => {
  const { checkout, pid, keys } = context;
  assert.equal(
    (await machines(SITE)).map(machine => machine.pid),
    [pid],
  );
  assert.equal(await keysOf(context), keys);
  const sql = "SELECT count(*) = max(number) AND max(written) > now() - interval '30 s' FROM canary";
  const { stdout } = await checkout.muster(
    ...['kubectl', '-n', 'app', 'exec', 'postgres-0', '--', 'psql', '-XqAt', '-U', 'postgres', '-d', 'app', '-c', sql],
  );
  assert.is(stdout.trim(), 't');
});

test.run();
