import { controlPlaneDamages } from '../backup/control-plane/damages/index.ts';
import { type Damage, KEY_DAMAGES, type RestorableCopy, SET_DAMAGES } from '../backup/index.ts';
import { breaking } from '../backup/postgres/breaking.ts';
import { postgresDamages } from '../backup/postgres/damages/index.ts';
import { KEYS_OF } from '../backup/source-keys.ts';
import { veleroDamages } from '../backup/velero/damages/index.ts';
import { withKopia, withScratch } from '../backup/velero/surroundings.ts';
import { OpsError } from '../errors/index.ts';
import type { Secret } from '../secret/index.ts';
import type { StoreAccess } from '../store/index.ts';
import { type Provable, proveDeps, type Rung } from './prove.ts';
import type { Plant } from './selftest.ts';
import { type MortalWay, mortalWay } from './store-cut.ts';

/** A copy, and the way to it. */
export interface Bench {
  copy: RestorableCopy;
  access: StoreAccess;
  way?: MortalWay;
  onRung?: Provable['onRung'];
}

/** What damages are planted with. `keys`: of the escrow. */
export interface Tools extends Pick<Provable, 'ctx' | 'access'> {
  site: Provable['set']['site'];
  keys: ReadonlyMap<string, Secret>;
}

/** Every damage of the sources that a set has, those first that cost least. Errors: KEY_MISSING. */
export async function plants(sources: readonly string[], tools: Tools): Promise<Plant<Bench>[]> {
  const { site, ctx, access, keys } = tools;
  const secrets = { get: async (name: string) => keys.get(name) };
  const [cipherName = ''] = KEYS_OF.postgres;
  const cipher = keys.get(cipherName);
  if (sources.includes('postgres') && !cipher)
    throw new OpsError('KEY_MISSING', `cannot break the database's backup: the escrow has no ${cipherName}`);
  const damages: Damage[] = [
    ...SET_DAMAGES,
    ...controlPlaneDamages({ secrets }),
    ...veleroDamages({
      kopia: (bucket, namespace, use) =>
        withKopia(site, { access: { ...access, bucket }, namespace, write: true }, { ...ctx, secrets }, use),
      scratch: use => withScratch(ctx, use),
    }),
    ...KEY_DAMAGES,
    ...(cipher ? postgresDamages(breaking({ access, cipher }, await proveDeps(site, ctx))) : []),
  ];
  const planted = damages
    .filter(({ source }) => source === 'set' || sources.includes(source))
    .map((damage): Plant<Bench> => ({ ...damage, plant: ({ copy }) => damage.plant(copy) }));
  return isHere(access) ? [...planted, ...cuts(sources)] : planted;
}

/** A way of our own to a store elsewhere would not have its name, and so no certificate. */
export const isHere = ({ here }: StoreAccess): boolean => new URL(here).hostname === '127.0.0.1';

/** The store goes away while this is read: nothing is known then, and nothing may be called lost. */
const CUTS: readonly { where: 'objects' | Rung['name']; source?: string; bytes: number; level: 'L0' | 'L1' | 'L2' }[] =
  [
    { where: 'objects', bytes: 100_000, level: 'L0' },
    { where: 'content', source: 'velero', bytes: 30_000, level: 'L1' },
    { where: 'database', source: 'postgres', bytes: 200_000, level: 'L1' },
  ];

/** Bytes: a small set is read before a large one would be half read. */
const halfOf = ({ set }: RestorableCopy): number =>
  set.manifest.sources.flatMap(({ artefacts }) => artefacts).reduce((sum, { size }) => sum + size, 0) / 2;

const cuts = (sources: readonly string[]): Plant<Bench>[] =>
  CUTS.filter(({ source }) => source === undefined || sources.includes(source)).map(({ where, bytes, level }) => ({
    id: `store/cut-${where}`,
    title: `the store goes away while ${where === 'objects' ? 'the objects are' : `the ${where} is`} read`,
    expect: { verdict: 'inconclusive', code: 'STORE_UNREACHABLE', level },
    async plant(bench) {
      const way = await mortalWay(Number(new URL(bench.access.here).port));
      bench.way = way;
      bench.access = { ...bench.access, here: `https://127.0.0.1:${way.port}` };
      if (where === 'objects') way.dieAfter(Math.min(bytes, halfOf(bench.copy)));
      bench.onRung = rung => rung === where && way.dieAfter(bytes);
    },
  }));
