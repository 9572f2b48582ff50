import { cp, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { suite } from 'uvu';
import { equal, is } from 'uvu/assert';
import { KEYS, publicKeyPath } from '../../lib/backup/index.ts';
import { newestSet } from '../../lib/drill/drill-site.ts';
import type { OpenSite } from '../../lib/site/index.ts';
import { idOf, leavePart, publicKeyIn, type SetWorld, setWorld } from '../backup/set-world.ts';

const test = suite<{ world: SetWorld; open: OpenSite }>('the set that is drilled when nobody names one');

test.before.each(async context => {
  const world = await setWorld();
  await world.backup(idOf(1), { trigger: 'schedule' });
  await world.backup(idOf(2), { trigger: 'person' });
  // Not a lab: its public key lies in the checkout, and not in the home of whoever runs this.
  const site = { ...world.site, environment: 'production' as const };
  const { project } = world.place;
  const path = publicKeyPath(site, project);
  await mkdir(dirname(path), { recursive: true });
  await cp(publicKeyIn(world), path);
  const open = { site, dirs: { project }, ports: { store: async () => world.store } } as unknown as OpenSite;
  Object.assign(context, { world, open });
});
test.after.each(({ world }) => world.close());

test('is the newest of all for a person, and the newest of a schedule for a timer', async ({ open }) => {
  equal([await newestSet(open, 'person'), await newestSet(open, 'schedule')], [idOf(2), idOf(1)]);
});

test('is the one that cannot be trusted, and no older one in its place', async ({ open, world }) => {
  const { store } = world;
  const [manifest, signature] = await Promise.all([
    store.get(KEYS.manifest(idOf(2))),
    store.get(KEYS.signature(idOf(2))),
  ]);
  const other = await store.get(KEYS.signature(idOf(1)));
  const wholeText = Buffer.from(manifest ?? '').toString();
  for (const [what, bytes, beside] of [
    ['rubbish', '{}', signature],
    ['changed, and still said to be by a person', wholeText.replace('c0ffee', 'c0ffff'), signature],
    ['signed by nobody', wholeText, other],
    ['of another site', wholeText.replace('"unit"', '"other"'), signature],
  ] as const) {
    await store.put(KEYS.manifest(idOf(2)), bytes);
    await store.put(KEYS.signature(idOf(2)), beside ?? '');
    is(await newestSet(open, 'schedule'), idOf(2), what);
  }
  await store.put(KEYS.manifest(idOf(2)), wholeText);
  await store.remove([KEYS.signature(idOf(2))]);
  is(await newestSet(open, 'schedule'), idOf(2), 'without a signature');
});

test('is none that was never sealed', async ({ open, world }) => {
  await leavePart(world.store, idOf(3), 'postgres', new Date(world.now));
  equal([await newestSet(open, 'person'), await newestSet(open, 'schedule')], [idOf(2), idOf(1)]);
});

test('is none that expired while it was looked for', async ({ open, world }) => {
  const { list } = world.store;
  const gone = { ...world.store, list: async (prefix: string) => [...(await list(prefix)), ghost] };
  const [first] = await list(KEYS.sets);
  const ghost = { ...(first ?? { size: 0 }), key: KEYS.manifest(idOf(9)) } as Awaited<ReturnType<typeof list>>[number];
  const ports = { ...open.ports, store: async () => gone };
  is(await newestSet({ ...open, ports }, 'schedule'), idOf(1));
});

test('is not said to be absent while the store is away, whenever it goes', async ({ open, world }) => {
  world.endpoint.calls.length = 0;
  await newestSet(open, 'schedule');
  const all = world.endpoint.calls.length;
  for (let answered = 0; answered < all; answered++) {
    world.endpoint.away = answered;
    const error = await newestSet(open, 'schedule').catch(thrown => thrown);
    is(error.code, 'STORE_UNREACHABLE', `after ${answered} calls`);
  }
});

test('is absent, by that name, when a schedule never took one', async ({ open, world }) => {
  await world.store.remove([KEYS.manifest(idOf(1))]);
  const error = await newestSet(open, 'schedule').catch(thrown => thrown);
  is(error.code, 'SET_ABSENT');
});

test.run();
