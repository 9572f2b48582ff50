import { suite } from 'uvu';
import { equal, match, ok } from 'uvu/assert';
import { type AuditAtHand, audit } from '../../../lib/backup/audit/index.ts';
import { orphansOf } from '../../../lib/backup/audit/orphans.ts';
import { volumesCheck } from '../../../lib/backup/audit/places.ts';
import { setsWrong } from '../../../lib/backup/audit/sets.ts';
import { walReach } from '../../../lib/backup/audit/wal.ts';
import { listSets, type SetRow } from '../../../lib/backup/list.ts';
import { readPublicKey } from '../../../lib/backup/signer.ts';
import type { SealedSet } from '../../../lib/backup/source.ts';
import type { ClusterApi, KubeObject, StoredObject } from '../../../lib/engine/index.ts';
import { OpsError } from '../../../lib/errors/index.ts';
import { escrowIn, FACTS, idOf, publicKeyIn, type SetWorld, setWorld } from '../set-world.ts';

const NOON = '2026-11-21T12:00:00.000Z';
const segment = (name: string, modified = NOON, size = 1): StoredObject => ({
  key: `pgbackrest/archive/main/15-1/${name.slice(0, 16)}/${name}-${'a'.repeat(40)}.zst`,
  size,
  modified,
});
const on = (timeline: number, ...numbers: number[]) =>
  numbers.map(n => `${String(timeline).padStart(8, '0')}00000000${n.toString(16).toUpperCase().padStart(8, '0')}`);

const wal = suite('WAL is counted segment by segment');

wal('up to the newest one, also into the next file of 256', () => {
  const names = [...on(1, 254, 255), '000000010000000100000000'];
  const { gaps, newest } = walReach(
    names[0] ?? '',
    names.map(name => segment(name)),
  );
  equal(gaps, []);
  equal(newest, { segment: '000000010000000100000000', archived: new Date(NOON) });
});

wal('a gap is named, and nothing behind it counts as reached', () => {
  const { gaps, newest } = walReach(
    on(1, 3)[0] ?? '',
    on(1, 3, 4, 6, 8).map(name => segment(name)),
  );
  equal(gaps, on(1, 5, 7));
  equal(newest?.segment, on(1, 4)[0]);
});

wal('an archive without the first segment leads nowhere', () => {
  equal(
    walReach(
      on(1, 3)[0] ?? '',
      on(1, 4).map(name => segment(name)),
    ),
    { gaps: on(1, 3), count: 1 },
  );
  equal(walReach(on(1, 3)[0] ?? '', []).gaps, on(1, 3));
});

wal('a segment without bytes is none', () => {
  equal(
    walReach(on(1, 3)[0] ?? '', [
      segment(on(1, 3)[0] ?? ''),
      segment(on(1, 4)[0] ?? '', NOON, 0),
      segment(on(1, 5)[0] ?? ''),
    ]).gaps,
    on(1, 4),
  );
});

wal('a timeline goes on where it left the one before, and a gap between them is seen', () => {
  const reach = (names: string[]) =>
    walReach(
      on(1, 3)[0] ?? '',
      names.map(name => segment(name)),
    );
  equal(reach([...on(1, 3, 4, 5), ...on(2, 4, 5, 6)]).gaps, []);
  equal(reach([...on(1, 3, 4, 5), ...on(2, 4, 5, 6)]).newest?.segment, on(2, 6)[0]);
  equal(reach([...on(1, 3, 4), ...on(2, 7)]).gaps, on(2, 5, 6));
  equal(reach([...on(1, 3, 4), ...on(2, 5, 7)]).gaps, on(2, 6));
});

wal('a timeline that began before the base backup does not lead on from it', () => {
  const { gaps, newest } = walReach(
    on(1, 8)[0] ?? '',
    [...on(1, 8, 9), ...on(2, 4, 5)].map(name => segment(name)),
  );
  equal(gaps, []);
  equal(newest?.segment, on(1, 9)[0]);
});

wal.run();

const row = (n: number, rest: Partial<SetRow> = {}): SetRow => ({ id: idOf(n), complete: true, sources: [], ...rest });
const after = (n: number) => ({ manifest: { previous: { id: idOf(n), sha256: '' } } }) as unknown as SealedSet;
const never = { complete: false, problem: { code: 'SET_INCOMPLETE', text: 'never sealed' } } as const;
const codes = (rows: SetRow[], vanished: string[] = []) => setsWrong({ rows, vanished }).map(({ code }) => code);

const sets = suite('sets');

sets('a backup that failed is wrong until a later one is complete', () => {
  equal(codes([row(2, never), row(1)]), ['SET_INCOMPLETE']);
  equal(codes([row(3), row(2, never), row(1)]), []);
});

sets('a set whose manifest was removed is no backup that failed: a later one names it', () => {
  equal(codes([row(3, { set: after(2) }), row(2, never)]), ['SET_ARTEFACT_MISSING']);
});

sets('what was changed or has vanished stays wrong, whatever came after it', () => {
  equal(codes([row(2), row(1, { complete: false, problem: { code: 'MANIFEST_CHANGED', text: 'x' } })]), [
    'MANIFEST_CHANGED',
  ]);
  equal(codes([row(2)], [idOf(1)]), ['SET_ABSENT']);
});

sets.run();

const sealed = (n: number, label: string) =>
  ({
    manifest: {
      id: idOf(n),
      sources: [
        { source: 'postgres', facts: { pgbackrest: { stanza: 'main', label } } },
        { source: 'velero', facts: { backup: `muster-${idOf(n).toLowerCase()}` } },
      ],
    },
  }) as unknown as SealedSet;
const object = (key: string): StoredObject => ({ key, size: 1, modified: NOON });
const base = (label: string) => object(`pgbackrest/backup/main/${label}/backup.manifest`);
const velero = (name: string) => object(`velero/backups/${name}/velero-backup.json`);

const orphans = suite('orphans');

orphans('are what no set names; what is older than every set went with one that expired', () => {
  const kept = [sealed(5, '20261121-120005F')];
  const there = [
    base('20261121-120005F'),
    velero(`muster-${idOf(5).toLowerCase()}`),
    object('pgbackrest/archive/main/archive.info'),
  ];
  equal(orphansOf(kept, [], there), { foreign: [], expired: 0 });
  equal(orphansOf(kept, [], [...there, base('20261121-120001F'), velero(`muster-${idOf(1).toLowerCase()}`)]), {
    foreign: [],
    expired: 2,
  });
  equal(
    orphansOf(kept, [], [...there, base('20261121-130000F'), velero('mine'), object('notes.txt'), object('sets/x/y')])
      .foreign,
    [
      'pgbackrest/backup/main/20261121-130000F/: 1 objects',
      'velero/backups/mine/: 1 objects',
      'notes.txt: 1 objects',
      'sets/x/: 1 objects',
    ],
  );
});

orphans("what a set has that was not sealed is that set's matter", () => {
  const made = [base('20261121-120008F'), velero(`muster-${idOf(7).toLowerCase()}`)];
  equal(orphansOf([sealed(5, '20261121-120005F')], [idOf(7)], made).foreign, []);
  equal(orphansOf([sealed(5, '20261121-120005F')], [], made).foreign.length, 2);
});

orphans.run();

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
    kopia: async (_, use) => use({ verify: async () => ({ ok: true }) } as never),
  };
});
whole.after.each(({ world }) => world.close());

/** The facts of the world's database are no real segments. */
const states = (results: Awaited<ReturnType<typeof audit>>) =>
  Object.fromEntries(
    results
      .filter(({ id }) => !/wal|fresh.postgres|orphans/.test(id))
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
  const with_ = async (state: 'wrong' | 'unseen' | 'unsupported') => {
    const settings = async () => [{ name: 'versioning', state, want: 'Enabled', got: 'Suspended' }];
    return states(await audit({ ...of, settings })).bucket;
  };
  equal(await with_('wrong'), 'STORE_UNSAFE');
  equal(await with_('unseen'), 'CHECK_UNRUN');
  equal(await with_('unsupported'), 'passed');
});

whole.run();
