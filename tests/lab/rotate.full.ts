import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { drilledInventory } from './drilled-inventory.ts';

const SITE = 'rotated';
const KEPT = join(homedir(), '.local/share/muster', SITE);
const PHASES = 'lib/site/rotate.ts';
const ENDS = 'inTurn(after)';

/** Steps that end an old value, and the check that must see it. Without app.roles nothing would answer any more. */
const LEFT_OUT = {
  'store.retire': 'credential.store',
  'k3s.token': 'credential.token',
  'host.forbid': 'credential.ssh',
} as const;
/** Where a run is killed, in the order in which it comes there: in each part of it. */
const KILLED = [
  'escrow.identity',
  'store.users',
  'rotation.promote',
  'app.secrets',
  'store.retire',
  'archive.both',
  'k3s.token',
];

const test = suite<{ checkout: Checkout; whole: string }>('secrets that are changed');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, drilledInventory(SITE));
  context.whole = await readFile(join(context.checkout.dir, PHASES), 'utf8');
  assert.ok(context.whole.includes(ENDS), `${PHASES} has no ${ENDS} to leave a step out of`);
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

/** By name, of what a rotation changes and what it works with. */
async function values({ state }: Checkout): Promise<Map<string, string>> {
  const root = join(state, 'secrets');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return new Map(
    await Promise.all(files.map(async path => [path.slice(root.length + 1), await readFile(path, 'utf8')] as const)),
  );
}

test('killed in each part of it, a rotation goes on, and nothing is left of it', async ({ checkout }) => {
  const before = await values(checkout);
  for (const step of KILLED) assert.is((await checkout.killedAt(step, 'rotate')).signal, 'SIGKILL', step);
  const { code, stderr } = await checkout.muster('rotate');
  assert.is(code, 0, stderr.slice(-2000));
  const after = await values(checkout);
  const same = [...before].filter(([name, value]) => after.get(name) === value).map(([name]) => name);
  // Who a machine is, where the store listens, archives that ended before.
  const kept = same.filter(name => !/host-key|^store\/local$|^backup\/retired\//.test(name));
  assert.equal(kept, []);
  assert.equal(
    [...after.keys()].filter(name => /^rotation\/(old|new|plan)/.test(name)),
    [],
  );
});

/** These say that they are done, and did nothing. In the checkout only: muster has no switch for it. */
const WITHOUT = `inTurn(after.map(step => !${JSON.stringify(Object.keys(LEFT_OUT))}.includes(step.id) ? step :
  { ...step, decide: () => ({ is: 'done', reason: 'left out' }) }))`;

test('what ends the old values left out: the drill is red, and names each credential and no other', async ({
  checkout,
  whole,
}) => {
  await writeFile(join(checkout.dir, PHASES), whole.replace(ENDS, WITHOUT));
  const red = await checkout.muster('drill', 'credential-rotation', '--mode=destroy', `--confirm=${SITE}`, '--json');
  await writeFile(join(checkout.dir, PHASES), whole);
  const { report } = JSON.parse(red.stdout) as { report: Report };
  assert.is(report.verdict, 'not verified');
  const failed = report.checks.filter(({ state }) => state === 'failed').map(({ id }) => id);
  assert.equal(failed.sort(), Object.values(LEFT_OUT).sort());
  const { code, stderr } = await checkout.muster('rotate');
  assert.is(code, 0, stderr.slice(-2000));
});

test('with all of them it is green: it was the steps', async ({ checkout }) => {
  const { stdout } = await checkout.muster(
    'drill',
    'credential-rotation',
    '--mode=destroy',
    `--confirm=${SITE}`,
    '--json',
  );
  const { report } = JSON.parse(stdout) as { report: Report };
  assert.is(report.verdict, 'verified', JSON.stringify(report.error));
});

test.run();
