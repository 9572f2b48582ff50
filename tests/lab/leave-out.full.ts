import { readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import { type Checkout, newCheckout } from './checkout.ts';

const SITE = 'leaveout';
const INVENTORY = `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [module] }
provider: { kind: container }
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 4GiB, disk: 10GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: false }
app: { users: 2000, avatars: 50 }
backup:
  store: { kind: local }
  sources: [postgres, velero, control-plane]
  namespaces: [app]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 5m
drills: { heartbeat: 5s, proof: 30d }
`;
const KEPT = join(homedir(), '.local/share/muster', SITE);
const RESTORE = 'lib/drill/scenarios/site-rebuild.ts';
const DATA = "dataSteps(site, set.manifest, steps, { archive: mode === 'rehearse' ? 'off' : 'on' })";

/** Every step that brings data back. A rebuilt site that seeded or migrated itself would pass without them. */
const STEPS = ['velero.restore', 'postgres.access', 'postgres.fill', 'postgres.restore'];

const test = suite<{ checkout: Checkout; whole: string }>('a restore of which a step is left out');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, INVENTORY);
  context.whole = await readFile(join(context.checkout.dir, RESTORE), 'utf8');
  assert.ok(context.whole.includes(DATA), `${RESTORE} has no ${DATA} to leave a step out of`);
  for (const verb of ['bootstrap', 'backup']) {
    const { code, stderr } = await context.checkout.muster(verb);
    assert.is(code, 0, stderr.slice(-2000));
  }
});

test.after(async ({ checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  await rm(KEPT, { recursive: true, force: true });
  await checkout.remove();
});

/** The step says that it is done, and did nothing. In the checkout only: muster has no switch for it. */
const withoutStep = (id: string) =>
  `export const dataSteps = (...all) => whole(...all).map(step => step.id !== '${id}' ? step : leftOut(step));
const leftOut = step => ({ ...step, decide: () => ({ is: 'done', reason: 'left out' }) });
function whole(`;

async function rebuilt({ checkout, whole }: { checkout: Checkout; whole: string }, data: string): Promise<Report> {
  await writeFile(join(checkout.dir, RESTORE), whole.replace(DATA, data));
  const { stdout } = await checkout.muster('drill', 'site-rebuild', '--mode=destroy', `--confirm=${SITE}`, '--json');
  return (JSON.parse(stdout) as { report: Report }).report;
}

for (const id of STEPS)
  test(`${id}: the drill is red`, async context => {
    const report = await rebuilt(context, withoutStep(id));
    assert.is.not(report.exit, 0);
    assert.is.not(report.verdict, 'verified');
  });

test('with all of them it is green again: it was the step', async context => {
  const report = await rebuilt(context, DATA);
  assert.is(report.verdict, 'verified', JSON.stringify(report.error));
});

test.run();
