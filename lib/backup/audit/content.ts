import { SET_CHECKS } from '../checks/index.ts';
import { type Manifest, partOf } from '../set.ts';
import { type AuditCheck, ofNewest, seen } from './at-hand.ts';

/** Snapshots that complete sets need, by namespace. */
export function snapshotsOf(sets: readonly Manifest[]): Map<string, string[]> {
  const volumes = sets.flatMap(set => partOf(set, 'velero')?.facts.volumes ?? []);
  const byNamespace = Map.groupBy(volumes, ({ namespace }) => namespace);
  return new Map([...byNamespace].map(([name, all]) => [name, [...new Set(all.map(({ snapshot }) => snapshot))]]));
}

/** Every file is read to its last byte: of lost content Velero goes on saying Completed. */
export const contentCheck: AuditCheck = {
  id: 'audit.content',
  title: 'Every byte of the volumes of every set can be read from the store',
  source: 'velero',
  level: 'L1',
  required: true,
  expected: 'every snapshot whole',
  async look({ sets, kopia }) {
    const sealed = (await sets()).rows.flatMap(({ set }) => set?.manifest ?? []);
    const snapshots = snapshotsOf(sealed);
    const found = await Promise.all(
      [...snapshots].map(async ([namespace, ids]) => ({
        namespace,
        found: await kopia(namespace, repository => repository.verify(ids)),
      })),
    );
    const lost = found.flatMap(({ namespace, found }) => (found.ok ? [] : [{ ...found, namespace }]));
    const count = [...snapshots.values()].flat().length;
    return seen(
      lost[0]?.code ?? 'KOPIA_CONTENT_LOST',
      lost.map(({ namespace, words }) => `${namespace}: ${words}`),
      `${count} snapshots of ${snapshots.size} namespaces`,
    );
  },
};

/** Of the newest complete set the bytes themselves, and its keys out of the escrow. */
export const newestChecks: readonly AuditCheck[] = SET_CHECKS.filter(({ id }) => /escrow|artefacts/.test(id)).map(
  check => ({
    ...check,
    id: check.id.replace('set.', 'audit.newest.'),
    title: `The newest complete set: ${check.title}`,
    look: ofNewest(async ({ manifest: { id } }, of) => {
      const [store, publicKey] = await Promise.all([of.store(), of.publicKey()]);
      return check.look({ site: of.site, store, id, publicKey, escrow: of.escrow, at: of.now });
    }),
  }),
);
