import { suite } from 'uvu';
import { equal, match, ok } from 'uvu/assert';
import { type DamageDeps as PostgresDeps, postgresDamages } from '../../lib/backup/postgres/damages/index.ts';
import type { Manifest } from '../../lib/backup/set.ts';
import { type Damage, NoRoom, type SetCopy } from '../../lib/backup/source.ts';
import { type DamageDeps as VeleroDeps, veleroDamages } from '../../lib/backup/velero/damages/index.ts';
import { FACTS } from './set-world.ts';

const test = suite('a damage for which a set has no room');

const refuse = () => Promise.reject(new Error('nothing is broken where there is no room'));
const damages: Damage[] = [
  ...postgresDamages({ database: refuse } as PostgresDeps),
  ...veleroDamages({ kopia: refuse, scratch: refuse } as VeleroDeps),
];

/** As of somebody's database that one superuser made and nobody has used yet, and of a volume without a byte. */
const volumes = [{ namespace: 'app', claim: 'data', snapshot: 'k1', files: [], moving: [] }];
const empty = {
  postgres: {
    roles: [{ name: 'postgres', attributes: 'superuser login', memberOf: [] }],
    grants: [
      { object: 'table public.users', grantee: 'postgres', privileges: 'SELECT' },
      { object: 'database', grantee: 'PUBLIC', privileges: 'CONNECT' },
    ],
    sequences: [{ schema: 'public', name: 'users_id_seq', last: '' }],
    tables: [{ schema: 'public', name: 'users', rows: 0, checksum: '0/0' }],
  },
  velero: { volumes },
};
const copyWith = (postgres: object, velero: object) => {
  const sources = [
    { source: 'postgres', facts: { ...FACTS.postgres, ...postgres } },
    { source: 'velero', facts: { ...FACTS.velero, ...velero } },
  ];
  const store = { bucket: 'copy', list: async () => [] };
  return { store, set: { manifest: { id: 'x', sources } as unknown as Manifest } } as unknown as SetCopy;
};

for (const [id, why] of [
  ['postgres/role-missing', /no role but superusers/],
  ['postgres/grant-missing', /nobody but postgres has a grant/],
  ['postgres/sequence-behind', /no sequence/],
  ['postgres/rows-missing', /no table of the set has a row/],
  ['postgres/value-changed', /no table of the set has a row/],
  ['postgres/index-corrupt', /no table of the set has a row/],
  ['velero/index-missing', /no blob velero\/kopia\/app\/x/],
  ['velero/packs-exchanged', /no blob velero\/kopia\/app\/p/],
  ['velero/indexes-exchanged', /no blob velero\/kopia\/app\/x/],
] as const)
  test(`is said to be so, and ends nothing: ${id}`, async () => {
    const error = await damages
      .find(damage => damage.id === id)
      ?.plant(copyWith(empty.postgres, empty.velero))
      .catch(thrown => thrown);
    ok(error instanceof NoRoom, String(error));
    match(error.message, why);
  });

test('is told from one that could not be planted: with room for it, a database is asked for', async () => {
  const room = {
    roles: [{ name: 'app', attributes: 'login', memberOf: [] }],
    grants: [{ object: 'table public.users', grantee: 'app', privileges: 'SELECT' }],
    sequences: [{ schema: 'public', name: 'users_id_seq', last: '7' }],
  };
  const said = [];
  for (const name of ['role-missing', 'grant-missing', 'sequence-behind', 'rows-missing', 'value-changed'])
    said.push(
      await damages
        .find(({ id }) => id === `postgres/${name}`)
        ?.plant(copyWith(room, empty.velero))
        .catch(error => error.message),
    );
  equal(new Set(said), new Set(['nothing is broken where there is no room']));
});

test.run();
