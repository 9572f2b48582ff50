import { ISSUED_FOR } from '../../cluster/index.ts';
import type { ClusterApi, ObjectStore } from '../../engine/index.ts';
import { isOpsError } from '../../errors/index.ts';
import type { Check } from '../check.ts';
import type { PartOf, VolumeFacts, VolumeFile } from '../set.ts';
import { compareFiles, sizes } from './compare.ts';
import type { Kopia } from './kopia.ts';
import { API, NAMESPACE } from './names.ts';
import { factOf, labelOf, type ObjectFact } from './objects.ts';
import { readRecord } from './record.ts';
import { restoreSeen, restoresOf } from './restored.ts';
import { verifyRecord } from './verify.ts';

type Part = PartOf<'velero'>;
const SHOWN = 50;
const velero = { source: 'velero', required: true } as const;

/** L1, of a bucket: Velero's own account of the backup has every volume of the manifest, whole. */
export const recordCheck = ({ facts }: Part): Check<ObjectStore> => ({
  ...velero,
  id: 'velero.record',
  title: 'Velero backed every volume up',
  level: 'L1',
  expected: `Completed, ${facts.volumes.length} volumes with a snapshot, no errors`,
  async look(store) {
    try {
      const { problems, taken } = verifyRecord(await readRecord(store, facts.backup), facts.volumes);
      const others = taken.filter(({ claim, from }) => claim.snapshot !== from.snapshot);
      const details = [
        ...problems,
        ...others.map(({ claim }) => `${claim.claim}: another snapshot than the manifest's`),
      ];
      if (details.length === 0) return { state: 'passed', got: `${taken.length} volumes` };
      return { state: 'failed', code: 'VELERO_PARTIAL', got: details[0] ?? '', details: details.slice(0, SHOWN) };
    } catch (error) {
      if (!isOpsError(error, 'VELERO_PARTIAL')) throw error;
      return { state: 'failed', code: 'VELERO_PARTIAL', got: error.message };
    }
  },
});

/** L1, of a repository: every byte that the manifest's snapshots refer to can be read. One check a namespace. */
export const contentChecks = ({ facts }: Part): (Check<Kopia> & { namespace: string })[] =>
  [...new Set(facts.volumes.map(({ namespace }) => namespace))].map(namespace => {
    const snapshots = facts.volumes.filter(volume => volume.namespace === namespace).map(({ snapshot }) => snapshot);
    return {
      ...velero,
      namespace,
      id: `velero.content.${namespace}`,
      title: `Every byte of the volumes of ${namespace} can be read from the store`,
      level: 'L1',
      expected: `${snapshots.length} snapshots`,
      async look(kopia) {
        const found = await kopia.verify(snapshots);
        if (found.ok) return { state: 'passed', got: `${snapshots.length} snapshots, read whole` };
        return { state: 'failed', code: found.code, got: found.words };
      },
    };
  });

/** L2, of a cluster: each volume was restored, whatever the phase says. */
export const restoreCheck = ({ facts }: Part): Check<ClusterApi> => ({
  ...velero,
  id: 'velero.restored',
  title: 'Velero restored every volume',
  level: 'L2',
  expected: `${facts.volumes.length} PodVolumeRestores Completed`,
  async look(api) {
    const all = await api.list({ apiVersion: API, kind: 'Restore', namespace: NAMESPACE });
    const made = ({ metadata }: { metadata: { [key: string]: unknown } }) => String(metadata.creationTimestamp);
    const newest = all
      .filter(({ spec }) => (spec as { backupName?: string }).backupName === facts.backup)
      .sort((a, b) => (made(a) < made(b) ? 1 : -1))[0];
    if (!newest) return { state: 'failed', code: 'VELERO_PARTIAL', got: `no Restore of ${facts.backup}` };
    const seen = restoreSeen('', await restoresOf(api, newest.metadata.name), facts.volumes.length, []);
    if (seen.volumes === facts.volumes.length) return { state: 'passed', got: `${seen.volumes} Completed` };
    const got = `${seen.volumes} Completed`;
    return { state: 'failed', code: 'VELERO_PARTIAL', got, details: seen.failed.slice(0, SHOWN) };
  },
});

/** Namespaces that were restored under other names. */
export type Mapping = Readonly<Record<string, string>>;

/** L3, of a cluster: each object is there and says what it said. */
export const objectsCheck = ({ facts }: Part, mapping: Mapping = {}): Check<ClusterApi> => ({
  ...velero,
  id: 'velero.objects',
  title: 'Every object of the namespaces came back as it was',
  level: 'L3',
  expected: `${facts.objects.length} objects`,
  async look(api) {
    const details = (await Promise.all(facts.objects.map(fact => objectFault(api, fact, mapping)))).flat();
    if (details.length === 0) return { state: 'passed', got: `${facts.objects.length} objects` };
    const got = `${details.length} of ${facts.objects.length} are missing or others`;
    return { state: 'failed', code: 'OBJECT_MISSING', got, details: details.slice(0, SHOWN) };
  },
});

async function objectFault(api: ClusterApi, fact: ObjectFact, mapping: Mapping): Promise<string[]> {
  const { apiVersion, kind, namespace, name, sha256 } = fact;
  const there = (called: string) => mapping[called] ?? called;
  const ref = namespace ? { name, namespace: there(namespace) } : { name: kind === 'Namespace' ? there(name) : name };
  const found = await api.get({ apiVersion, kind, ...ref });
  if (!found) return [`${labelOf(fact)}: not there`];
  // A certificate is for where the site is; that it is a good one, its answer over TLS shows.
  const elsewhere = found.type === 'kubernetes.io/tls' && found.metadata.annotations?.[ISSUED_FOR] !== undefined;
  return elsewhere || factOf(found)?.sha256 === sha256 ? [] : [`${labelOf(fact)}: not as it was`];
}

/** The files of a volume that was brought back; undefined: there is no such volume. */
export type ReadVolume = (volume: VolumeFacts) => Promise<readonly VolumeFile[] | undefined>;

/** L4, of volumes that were brought back, in a site or in a folder: file by file. */
export const volumeChecks = ({ facts }: Part): Check<ReadVolume>[] =>
  facts.volumes.map(volume => ({
    ...velero,
    id: `velero.files.${volume.namespace}.${volume.claim}`,
    title: `The files of ${volume.namespace}/${volume.claim} came back`,
    level: 'L4',
    expected: sizes(volume.files),
    async look(read) {
      const { code, got, details } = compareFiles(volume, await read(volume));
      if (code === undefined) return { state: 'passed', got };
      return { state: 'failed', code, got, details: details.slice(0, SHOWN) };
    },
  }));
