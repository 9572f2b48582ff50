import { suite } from 'uvu';
import { equal, is, ok } from 'uvu/assert';
import { readPublicKey } from '../../lib/backup/index.ts';
import type { Surroundings } from '../../lib/drill/checks/surroundings.ts';
import { type Provable, proveStored, type Rung } from '../../lib/drill/prove.ts';
import { OpsError } from '../../lib/errors/index.ts';
import type { StoreAccess } from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { escrowIn, idOf, NOON, publicKeyIn, type SetWorld, setWorld } from '../backup/set-world.ts';
import { check } from './sample.ts';

const prove = suite<{ world: SetWorld; of: Provable; climbed: string[] }>('the climb');

/** Nobody waits: what was to sleep goes on as soon as everything else had its turn. */
const clock = { ...systemClock, sleep: () => new Promise<void>(resolve => setImmediate(resolve)) };

prove.before.each(async context => {
  const world = await setWorld();
  await world.backup(idOf(1));
  const { signal } = new AbortController();
  const climbed: string[] = [];
  const of: Provable = {
    set: {
      site: world.site,
      store: world.store,
      id: idOf(1),
      publicKey: await readPublicKey(publicKeyIn(world)),
      escrow: escrowIn(world),
      at: new Date(NOON),
    },
    access: {} as StoreAccess,
    ctx: { clock, signal } as unknown as Surroundings,
    onRung: name => void climbed.push(name),
  };
  Object.assign(context, { world, of, climbed });
});
prove.after.each(({ world }) => world.close());

const rung = (name: Rung['name'], look: Rung['look'] = async () => [check({ id: name })]): Rung => ({
  name,
  level: 'L1',
  look,
});

prove('goes on from rung to rung while all is well', async ({ of, climbed }) => {
  const { checks } = await proveStored(of, [rung('records'), rung('content')]);
  equal(climbed, ['records', 'content']);
  ok(checks.every(({ state }) => state === 'passed'));
});

prove('stops at the first rung with a check that failed, or that nobody could look at', async ({ of, climbed }) => {
  for (const state of ['failed', 'unrun'] as const) {
    climbed.length = 0;
    const { checks } = await proveStored(of, [rung('records', async () => [check({ state })]), rung('content')]);
    equal([climbed, checks.at(-1)?.state], [['records'], state]);
  }
});

prove('begins no rung for a set that is not whole', async ({ of, world, climbed }) => {
  await world.store.remove([`postgres/${idOf(1)}/large`]);
  const { checks } = await proveStored(of, [rung('records')]);
  equal(climbed, []);
  is(checks.find(({ state }) => state === 'failed')?.code, 'SET_ARTEFACT_MISSING');
});

prove('opens what the sources took with the keys of the escrow, and no others', async ({ of, world }) => {
  await world.secrets.remove('backup/kopia-password');
  const seen: (string | undefined)[] = [];
  const look: Rung['look'] = async ({ secrets }) => {
    seen.push((await secrets.get('backup/kopia-password'))?.reveal(), (await secrets.get('other'))?.reveal());
    return [check({})];
  };
  await proveStored(of, [rung('records', look)]);
  equal(seen, ['secret of backup/kopia-password', undefined]);
});

/** As kopia: it goes on asking until it is ended. */
const endless: Rung['look'] = ({ of: { ctx } }) =>
  new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));

prove('ends a tool that goes on asking a store that is gone: inconclusive, by its name', async ({ of, world }) => {
  const look: Rung['look'] = opened => {
    world.endpoint.away = true;
    return endless(opened);
  };
  const { checks } = await proveStored(of, [rung('content', look), rung('database')]);
  const last = checks.at(-1);
  equal([last?.id, last?.level, last?.state, last?.code], ['set.store.content', 'L1', 'unrun', 'STORE_UNREACHABLE']);
});

prove('lets a stop through: it is no finding', async ({ of }) => {
  const stop = new AbortController();
  const ctx = { ...of.ctx, signal: stop.signal };
  const look: Rung['look'] = opened => {
    setImmediate(() => stop.abort(new OpsError('INTERRUPTED', 'cannot go on: stopped')));
    return endless(opened);
  };
  const thrown = await proveStored({ ...of, ctx }, [rung('content', look)]).catch(error => error);
  is(thrown.code, 'INTERRUPTED');
});

prove.run();
