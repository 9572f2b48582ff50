import { readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { canLeaveOut, changedSteps, leavingOut, replaceIn } from './leave-out.ts';

const SITE = 'leaveout';
const INVENTORY = `
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
  sources: [postgres, velero, control-plane]
  namespaces: [app]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 10m
drills: { heartbeat: 5s, proof: 30d }
`;
const KEPT = join(homedir(), '.local/share/muster', SITE);
/** namespace-loss brings data back by the very steps of site-rebuild, and makes no machine for each row. */
const SCENARIOS = ['namespace-loss', 'point-in-time', 'control-plane-loss'];

interface Context {
  checkout: Checkout;
  rows: string[][];
}

const test = suite<Context>('a restore of which a step is left out');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, INVENTORY);
  context.rows = [];
  for (const verb of ['bootstrap', 'backup']) {
    const { code, stderr } = await context.checkout.muster(verb);
    assert.is(code, 0, stderr.slice(-2000));
  }
  await canLeaveOut(context.checkout);
});

test.after(async ({ checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  await rm(KEPT, { recursive: true, force: true });
  await checkout.remove();
});

async function drill({ checkout, rows }: Context, scenario: string, without?: string) {
  const start = performance.now();
  const act = () => checkout.muster('drill', scenario, '--mode=destroy', `--confirm=${SITE}`, '--json');
  const { stdout, stderr } = await (without === undefined ? act() : leavingOut(without, act));
  assert.match(stdout, /^\{/, stderr.slice(-2000));
  const drilled = JSON.parse(stdout) as { report: Report; folder: string };
  const { verdict, error, checks } = drilled.report;
  const code = error?.code ?? checks.find(({ required, state }) => required && state !== 'passed')?.code ?? '';
  rows.push([scenario, without ?? 'nothing', verdict, code, `${Math.round((performance.now() - start) / 1000)} s`]);
  console.error(rows.at(-1)?.join('  '));
  return drilled;
}

for (const scenario of SCENARIOS)
  test(`${scenario}: without any step of it that did something, the drill is red`, async context => {
    const { report, folder } = await drill(context, scenario);
    assert.is(report.verdict, 'verified', `with all of them: ${JSON.stringify(report.error ?? report.checks)}`);
    const green: string[] = [];
    for (const id of await changedSteps(folder)) {
      const { report: red } = await drill(context, scenario, id);
      if (red.verdict === 'verified' || red.exit === 0) green.push(id);
    }
    assert.equal(green, []);
    // The last one left no database that could be spoilt.
    if (scenario === 'point-in-time') await drill(context, 'database-loss');
    const again = await drill(context, scenario);
    assert.is(again.report.verdict, 'verified', 'with all of them again: it was the step');
  });

test('a rebuilt site that migrates and seeds itself instead is not taken for a restored one', async context => {
  const file = join(context.checkout.dir, 'lib/drill/scenarios/site-rebuild.ts');
  const whole = await readFile(file, 'utf8');
  // Without an archive: beside one that has backups of a database PostgreSQL makes no new one.
  const itself = "steps: () => steps, select: ({ id }) => /^(app[.]|site-ca)/.test(id), end: 't6'";
  await replaceIn(file, "steps: () => [...data(), ...beside.map(alone)], end: 't6'", itself);
  const { report } = await drill(context, 'site-rebuild');
  await writeFile(file, whole);
  assert.is(report.error, null);
  assert.is(report.verdict, 'not verified');
});

test.run();
