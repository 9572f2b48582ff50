import { suite } from 'uvu';
import { equal, match, ok } from 'uvu/assert';
import { type AuditAtHand, audit } from '../../../lib/backup/audit/index.ts';
import { volumesCheck } from '../../../lib/backup/audit/places.ts';
import { listSets, type SetRow } from '../../../lib/backup/list.ts';
import { readPublicKey } from '../../../lib/backup/signer.ts';
import type { ClusterApi, KubeObject } from '../../../lib/engine/index.ts';
import { OpsError } from '../../../lib/errors/index.ts';
import { escrowIn, FACTS, idOf, publicKeyIn, type SetWorld, setWorld } from '../set-world.ts';

/** A cluster of these claims, each bound to a hostPath volume and read by no pod. */
const cluster = (...claims: string[]): ClusterApi =>
  ({
    list: async ({ kind, namespace }: { kind: string; namespace?: string }) => {
      const objects = claims
        .map(claim => claim.split('/'))
        .map(
          ([of = '', name = '']): KubeObject => ({
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name, namespace: of },
            spec: { volumeName: `pv-${name}` },
          }),
        );
      const volumes = objects.map(({ metadata }) => ({
        kind: 'PersistentVolume',
        apiVersion: 'v1',
        metadata: { name: `pv-${metadata.name}` },
        spec: { hostPath: {} },
      }));
      if (kind === 'PersistentVolume') return volumes;
      return kind === 'Pod'
        ? []
        : objects.filter(one => namespace === undefined || one.metadata.namespace === namespace);
    },
  }) as unknown as ClusterApi;

interface Context {
  world: SetWorld;
  of: AuditAtHand;
}

const whole = suite<Context>('the audit');
whole.before.each(async context => {
  const world = await setWorld();
  await world.backup(idOf(1));
  context.world = world;
  const publicKey = () => readPublicKey(publicKeyIn(world));
  context.of = {
    site: world.site,
    now: new Date(world.now),
    escrow: escrowIn(world),
    store: async () => world.store,
    reader: async () => world.store,
    replica: async () => world.endpoint.bucket('replica'),
    publicKey,
    sets: async () =>
      listSets(world.store, {
        site: world.site,
        publicKey: await publicKey(),
        now: new Date(world.now),
        proven: () => undefined,
      }),
    objects: () => world.store.list(''),
    cluster: async () => cluster('app/postgres-data'),
    settings: async () => [{ name: 'versioning', state: 'held', want: 'Enabled', got: 'Enabled' }],
    cipher: async () => undefined,
    kopia: async (_, use) => use({ verify: async () => ({ ok: true }) } as never),
  };
});
whole.after.each(({ world }) => world.close());

/** The facts of the world's database are no real segments. */
const states = (results: Awaited<ReturnType<typeof audit>>) =>
  Object.fromEntries(
    results
      .filter(({ id }) => !/wal|index|timelines|fresh.postgres|orphans/.test(id))
      .map(({ id, state, code }) => [id.replace('audit.', ''), code ?? state]),
  );

whole('finds nothing wrong with a whole backup, and changes nothing', async ({ of, world }) => {
  const before = await world.store.list('');
  const found = states(await audit(of));
  equal([...new Set(Object.values(found))], ['passed']);
  equal(Object.keys(found).length, 10);
  equal(await world.store.list(''), before);
});

whole('knows nothing of a store that is away', async ({ of, world }) => {
  world.endpoint.away = true;
  const away = new OpsError('STORE_UNREACHABLE', 'cannot reach it');
  const results = await audit({
    ...of,
    settings: () => Promise.reject(away),
    cluster: () => Promise.reject(new OpsError('CLUSTER_UNREACHABLE', 'no')),
  });
  equal([...new Set(results.map(({ state }) => state))], ['unrun']);
  ok(results.every(({ code }) => code === 'STORE_UNREACHABLE' || code === 'CLUSTER_UNREACHABLE'));
});

whole('names what is missing, shorter, or too old', async ({ of, world }) => {
  await world.store.remove([`velero/${idOf(1)}/large`]);
  equal(states(await audit(of)).objects, 'SET_ARTEFACT_MISSING');
  await world.store.put(`velero/${idOf(1)}/large`, 'x');
  const found = states(await audit({ ...of, now: new Date(world.now + 25 * 3_600_000) }));
  equal(found.objects, 'SET_ARTEFACT_CHANGED');
  equal(found['newest.artefacts'], 'SET_ARTEFACT_TRUNCATED');
  equal(found['fresh.velero'], 'SET_STALE');
});

whole(
  'other bytes of the same length are found in an older set too: what was written again is read',
  async ({ of, world }) => {
    await world.backup(idOf(2));
    const key = `velero/${idOf(1)}/large`;
    const bytes = (await world.store.get(key)) ?? new Uint8Array();
    await world.store.put(key, bytes);
    equal(states(await audit(of)).objects, 'passed');
    await world.store.put(key, new Uint8Array(bytes.length));
    equal(states(await audit(of)).objects, 'SET_ARTEFACT_CHANGED');
  },
);

whole('a set of tomorrow is not young, it is wrong', async ({ of, world }) => {
  equal(states(await audit({ ...of, now: new Date(world.now - 3_600_000) }))['fresh.velero'], 'SET_STALE');
});

whole('lost content is found though Velero says Completed', async ({ of, world }) => {
  const volume = { namespace: 'app', claim: 'c', volume: 'v', pod: 'p', snapshot: 's', files: [], moving: [] };
  const lost = { ok: false, code: 'KOPIA_CONTENT_LOST', words: 'missing blob' } as const;
  const rows = (await of.sets()).rows.map(one => {
    const parts = one.set?.manifest.sources.map(part =>
      part.source === 'velero' ? { ...part, facts: { ...FACTS.velero, volumes: [volume] } } : part,
    );
    return { ...one, set: { ...one.set, manifest: { ...one.set?.manifest, sources: parts } } } as unknown as SetRow;
  });
  const kopia: AuditAtHand['kopia'] = async (_, use) => use({ verify: async () => lost } as never);
  equal(
    states(await audit({ ...of, sets: async () => ({ rows, vanished: [] }), kopia })).content,
    'KOPIA_CONTENT_LOST',
  );
  ok(world.site.backup);
});

whole(
  'a volume of a namespace that nobody declared is covered by nothing; a copy that lies beside is none',
  async ({ of }) => {
    const look = (...claims: string[]) =>
      volumesCheck.look({ ...of, cluster: async () => cluster('app/postgres-data', ...claims) });
    equal((await look('app-restored/avatars')).state, 'passed');
    const { state, code, details = [] } = await look('shop/orders', 'app/cache');
    equal([state, code], ['failed', 'VOLUME_UNCOVERED']);
    match(details.join('\n'), 'app/cache: a hostPath volume');
    match(details.join('\n'), 'shop/orders: its namespace is not in backup.namespaces');
  },
);

whole('a place of the escrow that is lost is named, though the other one opens', async ({ of }) => {
  const escrow = { ...of.escrow, places: [of.escrow.places[0] ?? '', '/nowhere'] };
  const found = (await audit({ ...of, escrow })).find(({ id }) => id === 'audit.escrow');
  equal(found?.code, 'ESCROW_ABSENT');
  match(found?.got ?? '', '/nowhere');
});

whole('a setting that does not read back is wrong, and one that may not be read is unknown', async ({ of }) => {
  const with_ = async (state: 'wrong' | 'unseen' | 'unsupported', name = 'versioning') => {
    const settings = async () => [{ name, state, want: 'Enabled', got: 'Suspended' }];
    return states(await audit({ ...of, settings })).bucket;
  };
  equal(await with_('wrong'), 'STORE_UNSAFE');
  equal(await with_('unseen'), 'CHECK_UNRUN');
  equal(await with_('unsupported', 'lifecycle'), 'passed');
  // Nothing stands in for these, and the inventory asks for the second by itself.
  equal(await with_('unsupported'), 'STORE_UNSAFE');
  equal(await with_('unsupported', 'replication'), 'STORE_UNSAFE');
});

const OWN = { accessKey: 'file:key', secretKey: 'file:secret' };
// What the inventory of a production says of keys, and what is said of it.
const KEYS: [string, object, string, RegExp][] = [
  ['one pair of keys is the owner of its own history', {}, 'HISTORY_ERASABLE', /keys can erase its history: give/],
  ['an admin without a reader is never tried', { admin: OWN }, 'CHECK_UNRUN', /cannot tell/],
  ['a pair for each role is what is wanted', { admin: 'aws', reader: OWN }, 'passed', /keys of their own/],
];
for (const [promise, keys, expected, words] of KEYS)
  whole(promise, async ({ of }) => {
    const backup = { ...of.site.backup, store: { kind: 's3', bucket: 'b', ...OWN, ...keys } };
    const site = { ...of.site, environment: 'production', backup } as unknown as AuditAtHand['site'];
    const roles = (await audit({ ...of, site })).find(({ id }) => id === 'audit.roles');
    equal([roles?.code ?? roles?.state, roles?.required], [expected, false]);
    match(roles?.got ?? '', words);
  });

whole.run();
