import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckResult } from '../../lib/backup/index.ts';
import type { Report } from '../../lib/drill/report.ts';
import type { SelfTestRow } from '../../lib/drill/selftest.ts';
import { type StoreWorld, storeWorld } from '../backup/store-world.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { drilledInventory } from './drilled-inventory.ts';
import { storeOf } from './s3-of.ts';

const SITE = 's3site';
const KEPT = join(homedir(), '.local/share/muster', SITE);

const inventory = (store: string) => drilledInventory(SITE, { store, users: 500, avatars: 20, rto: '10m' });

interface Context {
  /** Somebody else's S3: muster has no part in its life. */
  s3: StoreWorld;
  checkout: Checkout;
}

const test = suite<Context>('a site whose store is an S3 of somebody else');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.s3 = await storeWorld('elsewhere');
  await context.s3.run();
  context.checkout = await newCheckout(SITE, inventory(JSON.stringify(await storeOf(context.s3, SITE))));
});

test.after(async ({ s3, checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.remove();
  await s3.close();
  await rm(KEPT, { recursive: true, force: true });
});

const muster = async ({ checkout }: Context, verb: string, ...args: string[]) => {
  const { code, stdout, stderr } = await checkout.muster(verb, ...args);
  return { code, stdout, last: stderr.split('\n').slice(-25).join('\n') };
};

test('bootstrap makes and hardens its bucket, under a lease in it', async context => {
  const { code, last } = await muster(context, 'bootstrap');
  assert.is(code, 0, last);
  const { stdout } = await muster(context, 'plan');
  assert.match(stdout, /0 changes, 0 unknown/, stdout);
});

test('two runs at once: one proceeds, the other is told who does', async context => {
  const [one, two] = await Promise.all([muster(context, 'backup'), muster(context, 'backup')]);
  assert.equal([one.code, two.code].sort(), [0, 4], one.last + two.last);
});

test('an audit sees its settings, and what the endpoint lacks', async context => {
  const { code, stdout, last } = await muster(context, 'backup-audit', '--json');
  assert.is(code, 0, last + stdout.slice(-3000));
  const checks = JSON.parse(stdout) as CheckResult[];
  assert.match(checks.find(({ id }) => id === 'audit.bucket')?.got ?? '', /versioning.*held; the endpoint has no/);
});

for (const scenario of ['erase-attempt', 'database-loss', 'site-rebuild'])
  test(`${scenario} is verified`, async context => {
    const args = [scenario, '--mode', 'destroy', `--confirm=${SITE}`, '--json'];
    const { code, stdout, last } = await muster(context, 'drill', ...args);
    assert.is(code, 0, last + stdout.slice(-4000));
    const { report } = JSON.parse(stdout) as { report: Report };
    assert.is(report.verdict, 'verified');
    const history = report.checks.find(({ id }) => id === 'site.history');
    if (scenario === 'erase-attempt')
      assert.match(history?.got ?? '', /attempts on \d objects, none of which was allowed/);
  });

test('erase-attempt is rehearsed on copies: the site is as it was, and the drill proves it all the same', async context => {
  const { code, stdout, last } = await muster(context, 'drill', 'erase-attempt', '--json');
  assert.is(code, 0, last + stdout.slice(-4000));
  const { report } = JSON.parse(stdout) as { report: Report };
  assert.equal([report.mode, report.verdict], ['rehearse', 'verified']);
  assert.ok(report.checks.some(({ id, state }) => id === 'site.history-copies' && state === 'passed'));
});

test('a rehearsal beside it reads its store, and is kept from writing there', async context => {
  const { code, stdout, last } = await muster(context, 'drill', 'site-rebuild', '--mode', 'rehearse', '--json');
  assert.is(code, 0, last + stdout.slice(-4000));
});

test('the self-test finds every damage, also a store that goes away', async context => {
  const { code, stdout, last } = await muster(context, 'drill-selftest', '--json');
  const { rows = [] } = JSON.parse(stdout) as { rows?: SelfTestRow[] };
  assert.equal(
    rows.filter(({ found }) => !found).map(({ damage, why }) => `${damage}: ${why}`),
    [],
  );
  assert.is(code, 0, last);
  assert.ok(rows.some(({ damage }) => damage.includes('store')));
});

test.run();
