import { isRecord } from '../../cluster/index.ts';
import type { Ctx, KubeObject, ObjectStore } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { storeAccess } from '../../store/index.ts';
import { hashObjects } from '../artefacts.ts';
import { canonical } from '../canonical.ts';
import { KEYS, type PartOf, type VolumeFacts } from '../set.ts';
import { coverageOf, coveredBy, seeClaims } from './claims.ts';
import { settled } from './files.ts';
import { backupKeys } from './names.ts';
import { readArchive } from './objects.ts';
import type { BackupSeen } from './progress.ts';
import { readRecord } from './record.ts';
import { lockedVersion, withKopia, withScratch } from './surroundings.ts';
import { verifyRecord } from './verify.ts';
import { listVolumes, type VolumeListing } from './volumes.ts';

export interface PartWant {
  site: Site;
  setId: string;
  backup: BackupSeen;
  before: readonly VolumeListing[];
}

/** Proves the backup, and writes the part last. Errors: VELERO_PARTIAL, KOPIA_CONTENT_LOST, VOLUME_EMPTY, STORE_*. */
export async function writePart({ site, setId, backup, before }: PartWant, ctx: Ctx): Promise<void> {
  const store = await ctx.store(site.name);
  const volumes = await provenVolumes(await readRecord(store, backup.name), backup, before, ctx);
  await readBack(site, volumes, ctx);
  const namespaces = [...(site.backup?.namespaces ?? [])];
  const { contents } = backupKeys(backup.name);
  const archive = await store.get(contents);
  if (!archive) throw new OpsError('VELERO_PARTIAL', `cannot read the objects of ${backup.name}: no ${contents}`);
  const shell = await ctx.shell('localhost');
  const objects = await withScratch(ctx, scratch => readArchive(archive, namespaces, { shell, scratch }));
  const seen = await seeClaims(await ctx.cluster(site.name), namespaces);
  const { excluded } = coverageOf(seen, coveredBy(site.backup?.sources ?? []));
  const part: PartOf<'velero'> = {
    source: 'velero',
    tool: 'velero with kopia',
    version: await lockedVersion('velero', ctx),
    point: new Date(backup.started).toISOString(),
    artefacts: await hashObjects(store, await keysOf(store, backup.name)),
    facts: {
      backup: backup.name,
      namespaces,
      objects,
      volumes,
      images: imagesOf(seen.pods),
      pulled: pulledOf(seen.pods),
      excluded,
    },
  };
  await store.put(KEYS.part(setId, 'velero'), canonical(part));
}

const imagesOf = (pods: readonly KubeObject[]): string[] => {
  const containers = pods.flatMap(({ spec }) => (isRecord(spec) ? [spec.containers, spec.initContainers] : []).flat());
  return [...new Set(containers.filter(isRecord).map(({ image }) => String(image)))].sort();
};

/** As the nodes say it of containers that ran. What was imported there has no digest of a registry. */
export function pulledOf(pods: readonly KubeObject[]): { image: string; from: string }[] {
  const statuses = pods.flatMap(({ status }) =>
    isRecord(status) ? [status.containerStatuses, status.initContainerStatuses].flat() : [],
  );
  const found = new Map<string, string>();
  for (const { image, imageID } of statuses.filter(isRecord))
    if (typeof image === 'string' && typeof imageID === 'string' && /^[^/]+\/.+@sha256:/.test(imageID))
      found.set(image, imageID);
  return [...found].map(([image, from]) => ({ image, from })).sort((a, b) => (a.image < b.image ? -1 : 1));
}

/** Every claim that was listed before is in the backup, and its files are those that stayed the same. */
async function provenVolumes(
  record: Awaited<ReturnType<typeof readRecord>>,
  { name }: BackupSeen,
  before: readonly VolumeListing[],
  ctx: Ctx,
): Promise<VolumeFacts[]> {
  const { problems, taken } = verifyRecord(record, before);
  if (problems.length > 0)
    throw new OpsError('VELERO_PARTIAL', `cannot take Backup ${name} for whole: ${problems[0]}`, {
      details: problems,
      hint: `it stays for a look: kubectl -n velero describe backup ${name}`,
    });
  const after = await listVolumes(before, ctx);
  return taken.map(({ claim: { files: earlier, notKept, ...claim }, from }) => {
    const later = after.find(entry => entry.namespace === claim.namespace && entry.claim === claim.claim);
    const { files, moving } = settled(earlier, later?.files ?? []);
    if (earlier.length > 0 && files.length + moving.length === 0)
      throw new OpsError(
        'VOLUME_EMPTY',
        `cannot prove ${claim.namespace}/${claim.claim}: all its files left meanwhile`,
      );
    const { namespace, volume } = claim;
    return {
      namespace,
      claim: claim.claim,
      volume,
      pod: from.pod,
      snapshot: from.snapshot,
      files,
      moving,
      ...(notKept.length > 0 && { notKept }),
    };
  });
}

/** Velero says Completed over content that its repository has lost: only reading every byte tells. */
async function readBack(site: Site, volumes: readonly VolumeFacts[], ctx: Ctx): Promise<void> {
  const access = await storeAccess(site, 'reader', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  for (const namespace of new Set(volumes.map(volume => volume.namespace))) {
    const snapshots = volumes.filter(volume => volume.namespace === namespace).map(({ snapshot }) => snapshot);
    ctx.progress(`reading ${snapshots.length} volumes of ${namespace} back`);
    const found = await withKopia(site, { access, namespace }, ctx, kopia => kopia.verify(snapshots));
    if (!found.ok)
      throw new OpsError(found.code, `cannot read the volumes of ${namespace} back from the store: ${found.words}`);
  }
}

/**
 * What Velero itself wrote of the backup. Not kopia's blobs: its maintenance rewrites and removes them while every
 * snapshot stays whole, so that a list of them would call a good set bad. Each byte of them is read at L1 instead.
 */
const keysOf = async (store: ObjectStore, backup: string): Promise<string[]> =>
  (await store.list(backupKeys(backup).folder)).map(({ key }) => key);
