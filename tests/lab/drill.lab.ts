import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import type { SelfTestRow } from '../../lib/drill/selftest.ts';
import { callApp } from './app.ts';
import { withArgv } from './argv.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { drilledInventory } from './drilled-inventory.ts';
import { unanswered } from './runbook.ts';
import { filesBelow, secretLines } from './secrets.ts';

const SITE = 'drilltest';
/** While it is lost, a lab beside it would take ports that are not named. */
const INVENTORY = drilledInventory(SITE, {
  provider: '{ kind: container, ports: { ssh: 21022, api: 21043, web: 21044 } }',
});
/** What muster keeps of a lab beside its checkout. */
const KEPT = join(homedir(), '.local/share/muster', SITE);
const mail = 'drill@exemple.test';
const password = 'un-mot-de-passe-long';

interface Context {
  checkout: Checkout;
  app: string;
  ca: string;
  /** Everything that was printed. */
  said: string[];
  drills: Map<string, { report: Report; folder: string }>;
}

const test = suite<Context>('a site that is lost, and comes back with its data');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, INVENTORY);
  context.said = [];
  context.drills = new Map();
});

test.after(async ({ checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  await rm(KEPT, { recursive: true, force: true });
  await checkout.remove();
});

async function muster({ checkout, said }: Context, verb: string, ...args: string[]) {
  const result = await checkout.muster(verb, ...args);
  said.push(result.stdout, result.stderr);
  return result;
}

async function drill(context: Context, scenario: string): Promise<Report> {
  const { code, stdout, stderr } = await muster(
    context,
    'drill',
    scenario,
    '--mode',
    'destroy',
    `--confirm=${SITE}`,
    '--json',
  );
  assert.is(code, 0, stderr.split('\n').slice(-20).join('\n') + stdout.slice(-3000));
  const drilled = JSON.parse(stdout) as { report: Report; folder: string };
  context.drills.set(scenario, drilled);
  assert.is(drilled.report.verdict, 'verified');
  return drilled.report;
}

/** The application finds a database that was away again by itself, within seconds. */
async function signsIn({ app, ca }: Pick<Context, 'app' | 'ca'>, tries = 30): Promise<number> {
  const { status } = await callApp(app, ca, 'POST', '/api/login', { email: mail, password });
  if (status !== 503 || tries === 0) return status;
  await new Promise(resolve => setTimeout(resolve, 1000));
  return signsIn({ app, ca }, tries - 1);
}

test('bootstrap brings store, archive, Velero, escrow and heartbeat up with the site', async context => {
  const { code, stdout, stderr } = await muster(context, 'bootstrap', '--json');
  assert.is(code, 0, stderr.slice(-2000));
  Object.assign(context, JSON.parse(stdout) as Pick<Context, 'app' | 'ca'>);
  const made = await callApp(context.app, context.ca, 'POST', '/api/users', { email: mail, name: 'Drill', password });
  assert.is(made.status, 201);
});

test('a backup is every source, read back and signed', async context => {
  const { value, argv } = await withArgv(() => muster(context, 'backup'));
  assert.is(value.code, 0, value.stderr.slice(-2000));
  assert.match(argv, 'pgbackrest');
  context.said.push(argv);
  const { stdout } = await muster(context, 'backups', '--json');
  const { sets } = JSON.parse(stdout) as { sets: { complete: boolean; sources: string[] }[] };
  assert.equal(
    sets.map(({ complete, sources }) => [complete, sources]),
    [[true, ['control-plane', 'postgres', 'velero']]],
  );
});

test('a restore in place that is killed is given up: what was there is served again', async context => {
  const { checkout } = context;
  const { child, ended } = checkout.start('restore', 'database', `--confirm=${SITE}`);
  const phase = ['-n', 'app', 'get', 'pod', 'postgres-restore', '-o', 'jsonpath={.status.phase}'];
  while (child.exitCode === null && (await checkout.muster('kubectl', ...phase)).stdout.trim() === '');
  child.kill('SIGKILL');
  assert.is((await ended).signal, 'SIGKILL');
  const { code, stderr } = await muster(context, 'restore', 'discard');
  assert.is(code, 0, stderr.slice(-2000));
  assert.is(await signsIn(context), 200);
  assert.match((await muster(context, 'plan')).stdout, /^nothing to do|0 changes, 0 unknown/m);
});

for (const scenario of ['namespace-loss', 'database-loss', 'point-in-time', 'control-plane-loss', 'erase-attempt'])
  test(`${scenario}: what was lost comes back, and the data says so`, async context => {
    await drill(context, scenario);
    assert.is(await signsIn(context), 200);
  });

test('site-rebuild: a drill that was killed twice goes on, and the site comes back from nothing', async context => {
  const { checkout } = context;
  // The first time it has lost the keys of its store, and has none yet.
  for (const step of ['escrow.open', 'velero.restore']) {
    const killed = await checkout.killedAt(
      ...([step, 'drill', 'site-rebuild', '--mode', 'destroy', `--confirm=${SITE}`] as const),
    );
    assert.is(killed.signal, 'SIGKILL', killed.stderr.slice(-2000));
  }
  const { value, argv } = await withArgv(() => drill(context, 'site-rebuild'));
  context.said.push(argv);
  const { rto, rpo, checks, clocks } = value;
  assert.ok((rto.ms ?? Number.POSITIVE_INFINITY) < 300_000, `${rto.ms}`);
  assert.equal([...new Set(rpo.sources.map(({ met }) => met))], [true]);
  assert.ok(checks.some(({ level, state }) => level === 'L7' && state === 'passed'));
  assert.is(clocks.marks.length, 9);
  assert.is(await signsIn(context), 200);
});

test('a restored site is what its inventory says: nothing is left to do', async context => {
  const { stdout } = await muster(context, 'plan');
  assert.match(stdout, /^nothing to do|0 changes, 0 unknown/m);
});

test('what the runbook has a person type at any time is answered', async context => {
  const { report, folder = '' } = context.drills.get('site-rebuild') ?? {};
  const values = { SET: report?.set?.id ?? '', DIR: folder, CODE: 'WAL_GAP', FILE: join(KEPT, 'identity.txt') };
  assert.equal(await unanswered(values, ([verb = '', ...args]) => muster(context, verb, ...args)), []);
});

test('a database is put back in place as it was at a moment', async context => {
  const { checkout, app, ca } = context;
  const at = new Date().toISOString();
  const late = { email: 'late@exemple.test', password };
  assert.is((await callApp(app, ca, 'POST', '/api/users', { ...late, name: 'Late' })).status, 201);
  const sql = ['psql', '-XqAt', '-U', 'postgres', '-c', 'SELECT pg_switch_wal()'];
  await checkout.muster('kubectl', '-n', 'app', 'exec', 'postgres-0', '--', ...sql);
  const restore = () => muster(context, 'restore', 'database', '--at', at, `--confirm=${SITE}`);
  let restored = await restore();
  // Until the segment is in the archive.
  for (let tries = 0; restored.code === 3 && tries < 20; tries++) {
    await new Promise(resolve => setTimeout(resolve, 1000));
    restored = await restore();
  }
  assert.is(restored.code, 0, restored.stderr.slice(-2000));
  assert.is(await signsIn(context), 200);
  assert.is((await callApp(app, ca, 'POST', '/api/login', late)).status, 401);
});

test('the self-test finds every damage that is planted in a copy of the set', async context => {
  const { code, stdout, stderr } = await muster(context, 'drill-selftest', '--json');
  const { rows = [], ...rest } = JSON.parse(stdout) as { rows?: SelfTestRow[] };
  assert.equal(
    rows.filter(({ found }) => !found).map(({ damage, why }) => `${damage}: ${why}`),
    [],
  );
  assert.is(code, 0, stderr.slice(-2000));
  assert.ok(rows.length > 40, `${rows.length} damages: ${JSON.stringify(rest)}`);
  console.log(rows.map(({ damage, seconds }) => `${damage} ${seconds} s`).join('\n'));
});

test('the evidence is whole, and one changed byte is found', async context => {
  const { folder } = context.drills.get('site-rebuild') ?? { folder: '' };
  assert.is((await muster(context, 'verify-evidence', folder)).code, 0);
  const path = join(folder, 'report.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"verified"', '"Verified"'));
  assert.is((await muster(context, 'verify-evidence', folder)).code, 1);
});

test('no secret is in a report, a journal, the arguments of a process, or anything that was printed', async ({
  checkout,
  said,
  drills,
}) => {
  const secret = await secretLines(checkout.state);
  assert.ok(secret.length > 10);
  const evidence = [...drills.values()].map(({ folder }) => filesBelow(folder));
  const paths = [...(await Promise.all(evidence)).flat(), ...(await filesBelow(join(checkout.state, 'journals')))];
  const texts = [...said, ...(await Promise.all(paths.map(path => readFile(path, 'utf8'))))];
  for (const [n, line] of secret.entries())
    assert.not.ok(
      texts.some(text => text.includes(line)),
      `secret line ${n} was shown`,
    );
});

test('a site that lives is not rebuilt: said by what lives, and before anything is asked of its backups', async context => {
  const { code, stderr } = await muster(context, 'rebuild', `--confirm=${SITE}`);
  assert.is(code, 4);
  assert.match(stderr, /it is not gone, machine server-1 \([0-9a-f-]{36}\): on/);
});

test('destroy keeps the backups, the escrow and the evidence, and says so', async context => {
  const { code, stdout } = await muster(context, 'destroy', `--confirm=${SITE}`);
  assert.is(code, 0);
  for (const kept of [`stores/${SITE}`, KEPT, `${SITE}/drills`]) assert.match(stdout, new RegExp(kept));
  assert.match(stdout, `next  ./muster rebuild --confirm=${SITE} --site ${SITE}`);
  assert.match((await muster(context, 'status')).stdout, `./muster rebuild --confirm=${SITE} --site ${SITE}`);
});

test('rebuild: from a fresh clone, its store and its escrow a site that is gone comes back, though it is killed half-way', async context => {
  await rm(context.checkout.state, { recursive: true, force: true });
  const fresh = await newCheckout(SITE, INVENTORY);
  const confirmed = `--confirm=${SITE}`;
  try {
    const plan = await fresh.muster('rebuild', '--dry-run');
    assert.is(plan.code, 0, plan.stderr);
    assert.match(plan.stdout, /bringing the data back .*fits[\s\S]*Velero/);
    assert.equal(await readdir(fresh.state).catch(() => []), []);
    assert.is((await fresh.killedAt('velero.restore', 'rebuild', confirmed)).signal, 'SIGKILL');
    const { code, stdout, stderr } = await fresh.muster('rebuild', confirmed, '--json');
    assert.is(code, 0, stderr.split('\n').slice(-20).join('\n') + stdout.slice(-3000));
    const { report } = JSON.parse(stdout) as { report: Report };
    assert.equal([report.verdict, report.mode], ['verified', 'rebuild']);
    assert.ok(report.checks.some(({ id, state }) => id === 'site.silent' && state === 'passed'));
    Object.assign(context, JSON.parse((await fresh.muster('status', '--json')).stdout));
    context.ca = join(fresh.dir, `.muster/${SITE}/ca.crt`);
    assert.is(await signsIn(context), 200);
    assert.is((await fresh.muster('rebuild', confirmed)).code, 4);
  } finally {
    await fresh.muster('destroy', confirmed);
    await fresh.remove();
  }
});

test.run();
