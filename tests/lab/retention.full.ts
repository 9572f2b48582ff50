import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckResult } from '../../lib/backup/index.ts';
import type { StoredObject } from '../../lib/engine/index.ts';
import { FileSecretStore } from '../../lib/secret/index.ts';
import { openStore, storeAccess } from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { drilledInventory } from './drilled-inventory.ts';

const SITE = 'keeptest';
const INVENTORY = drilledInventory(SITE, { users: 500, avatars: 20, keep: 2 });
const KEPT = join(homedir(), '.local/share/muster', SITE);

const test = suite<{ checkout: Checkout; sets: string[] }>('sets that expire, with all that their tools have of them');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, INVENTORY);
  context.sets = [];
});

test.after(async ({ checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  await rm(KEPT, { recursive: true, force: true });
  await checkout.remove();
});

async function backup({ checkout, sets }: { checkout: Checkout; sets: string[] }): Promise<void> {
  const { code, stdout, stderr } = await checkout.muster('backup', '--json');
  assert.is(code, 0, stderr.slice(-3000));
  sets.push((JSON.parse(stdout) as { set: string }).set);
}

/** What lies in the bucket now, past muster. */
async function objects({ dir, state }: Checkout): Promise<StoredObject[]> {
  const secrets = new FileSecretStore(join(state, 'secrets'), { add() {} });
  const site = { name: SITE, backup: { store: { kind: 'local' } } } as never;
  const access = await storeAccess(site, 'reader', { dirs: { project: dir }, secrets });
  const store = openStore(access, { clock: systemClock, signal: new AbortController().signal, random: Math.random });
  try {
    return await store.list('');
  } finally {
    store.close();
  }
}

const folders = (all: readonly StoredObject[], pattern: RegExp) =>
  [...new Set(all.flatMap(({ key }) => pattern.exec(key)?.[1] ?? []))].sort();

/** Sets, base backups and Backups that are there, one for one. */
async function seen(checkout: Checkout) {
  const all = await objects(checkout);
  return {
    sets: folders(all, /^sets\/([^/]+)\/manifest\.json$/),
    bases: folders(all, /^pgbackrest\/backup\/[^/]+\/(\d{8}-\d{6}F)\//),
    backups: folders(all, /^velero\/backups\/([^/]+)\//),
    segments: folders(all, /\/([0-9A-F]{24})-[0-9a-f]{40}\.zst$/),
  };
}

const named = (sets: readonly string[]) => sets.map(set => `muster-${set.toLowerCase()}`);

/** Every check of the audit that is not passed. */
async function flaws(checkout: Checkout): Promise<string[]> {
  const { stdout } = await checkout.muster('backup-audit', '--json');
  const checks = JSON.parse(stdout) as CheckResult[];
  assert.ok(checks.length > 10);
  return checks.filter(({ state }) => state !== 'passed').map(({ id, got }) => `${id}: ${got}`);
}

test('as many sets as are kept: everything of them is there', async context => {
  const { code, stderr } = await context.checkout.muster('bootstrap');
  assert.is(code, 0, stderr.slice(-3000));
  await backup(context);
  await backup(context);
  const { sets, bases, backups } = await seen(context.checkout);
  assert.equal([sets, bases.length, backups], [context.sets, 2, named(context.sets)]);
});

test('with the next set the oldest goes: base backup, WAL, Backup and snapshots; nothing else does', async context => {
  const { checkout } = context;
  const before = await seen(checkout);
  await backup(context);
  const kept = context.sets.slice(1);
  const { sets, bases, backups, segments } = await seen(checkout);
  assert.equal([sets, backups], [kept, named(kept)]);
  assert.is(bases.length, 2);
  assert.not.ok(bases.includes(before.bases[0] ?? ''));
  assert.ok(segments[0] !== undefined && segments[0] > (before.segments[0] ?? ''));
  assert.equal(await flaws(checkout), []);
});

for (const step of ['set.expire', 'postgres.expire', 'velero.expire'])
  test(`a backup that is killed in ${step} leaves what the next one takes away, and the audit calls none of it an orphan`, async context => {
    const { checkout } = context;
    assert.is((await checkout.killedAt(step, 'backup')).signal, 'SIGKILL');
    assert.equal(
      (await flaws(checkout)).filter(line => /orphans|sets|objects|content|wal/.test(line)),
      [],
    );
    await backup(context);
    const { sets, bases, backups } = await seen(checkout);
    const ids = sets.slice(-2);
    assert.equal([sets.length, bases.length, backups], [2, 2, named(ids)]);
    assert.equal(await flaws(checkout), []);
  });

test('the oldest set that is kept comes back whole', async ({ checkout }) => {
  const [oldest = ''] = (await seen(checkout)).sets;
  const { code, stdout, stderr } = await checkout.muster('restore', 'set', '--set', oldest, '--json');
  assert.is(code, 0, stderr.slice(-3000));
  const { checks } = JSON.parse(stdout) as { checks: CheckResult[] };
  assert.equal(
    checks.filter(({ state }) => state !== 'passed').map(({ id, got }) => `${id}: ${got}`),
    [],
  );
  assert.is((await checkout.muster('restore', 'discard')).code, 0);
});

test.run();
