import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Ctx } from '../../lib/engine/index.ts';
import { machineDir, newIdentity, readIdentity } from '../../lib/host/identity.ts';
import { reserve } from '../../lib/host/reserve.ts';
import type { HostWant, Site } from '../../lib/inventory/index.ts';
import { systemClock, wait } from '../../lib/time/index.ts';
import { inState } from './world.ts';

const host = { name: 'server-1' } as HostWant;
const site = { name: 'test', provider: { kind: 'container' } } as unknown as Site;

/** A run in a checkout of its own, with the cache that all of them share. */
const runIn = (root: string, checkout: string): Ctx => {
  const dirs = { project: checkout, state: join(root, checkout, '.muster', 'test'), cache: join(root, 'cache') };
  const signal = new AbortController().signal;
  const clock = systemClock;
  return { run: { id: 'run-1', dirs }, clock, signal, wait: (spec: never) => wait(spec, { clock, signal }) } as never;
};

const begin = (ctx: Ctx) => reserve(ctx, kept => newIdentity(site, host, 'ssh-ed25519 AAAA', ctx, kept));
const portsOf = async ({ run }: Ctx) =>
  Object.values<number>({ ...(await readIdentity(run.dirs.state, host.name))?.forwards });

test('sites that start in the same moment, each in a checkout of its own, have ports of their own', () =>
  inState(async (_, root) => {
    const runs = ['a', 'b', 'c', 'd', 'e'].map(checkout => runIn(root, checkout));
    await Promise.all(runs.map(begin));
    const ports = (await Promise.all(runs.map(portsOf))).flat();
    assert.is(ports.length, 15);
    assert.is(new Set(ports).size, 15, `${ports.sort()}`);
  }));

test('a machine that is gone gives its ports back', () =>
  inState(async (_, root) => {
    const [one, other] = [runIn(root, 'a'), runIn(root, 'b')];
    await begin(one);
    const first = await portsOf(one);
    await rm(machineDir(one.run.dirs.state, host.name), { recursive: true });
    await begin(other);
    assert.equal(await portsOf(other), first);
    assert.is((await readdir(join(root, 'cache', 'ports'))).length, 1);
  }));

test('a cache that was emptied is begun anew', () =>
  inState(async (_, root) => {
    const ctx = runIn(root, 'a');
    await mkdir(ctx.run.dirs.cache);
    await begin(ctx);
    assert.is((await portsOf(ctx)).length, 3);
  }));

test.run();
