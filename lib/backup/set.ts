import { z } from 'zod';

/** What a set consists of, as it lies in the store. Design.md section 9. The schema is law: a set that breaks it is refused. */

/** '20261121T152300Z-1f2e3d4c': sorts by time. */
export const SET_ID = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;
export const setId = z.string().regex(SET_ID);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const utc = z.iso.datetime();
/** Of PostgreSQL, as '0/1C000028'. */
export const lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/);

export const SOURCES = ['postgres', 'velero', 'control-plane'] as const;
export type SourceName = (typeof SOURCES)[number];

/** An object of the store that the set needs. */
const artefact = z.strictObject({
  key: z.string().min(1),
  /** The version that was read back; null: the endpoint has no versions. */
  versionId: z.string().nullable(),
  size: z.int().min(0),
  /** Of the bytes that were read back after the backup. */
  sha256,
});

const table = z.strictObject({
  schema: z.string(),
  name: z.string(),
  rows: z.int().min(0),
  /** Over all rows, whatever their order: lib/backup/postgres/facts.sql says how. */
  checksum: z.string(),
});
const sequence = z.strictObject({ schema: z.string(), name: z.string(), last: z.string() });
const role = z.strictObject({ name: z.string(), attributes: z.string(), memberOf: z.array(z.string()) });
const grant = z.strictObject({ object: z.string(), grantee: z.string(), privileges: z.string() });
const extension = z.strictObject({ name: z.string(), version: z.string() });

export const postgresFacts = z.strictObject({
  database: z.string(),
  serverVersion: z.string(),
  /** Travels with every restore: lineage, not identity. */
  systemIdentifier: z.string(),
  /** Named, made under the SHARE lock under which the dump's snapshot was taken. */
  restorePoint: z.strictObject({ name: z.string(), lsn, at: utc, timeline: z.int().min(1) }),
  pgbackrest: z.strictObject({
    stanza: z.string(),
    /** '20261121-152300F' */
    label: z.string(),
    /** WAL segments from the backup's start to the restore point, both included. */
    walFirst: z.string(),
    walLast: z.string(),
  }),
  /** Key of the logical dump (pg_dump -Fc), and of the globals (pg_dumpall --globals-only). */
  dump: z.string(),
  globals: z.string(),
  tables: z.array(table),
  sequences: z.array(sequence),
  roles: z.array(role),
  grants: z.array(grant),
  extensions: z.array(extension),
});
export type PostgresFacts = z.infer<typeof postgresFacts>;

const file = z.strictObject({
  /** Relative to the volume. */
  path: z.string(),
  kind: z.enum(['file', 'directory', 'link']),
  /** Octal, as '0644'. */
  mode: z.string(),
  uid: z.int(),
  gid: z.int(),
  /** Of a file: bytes and SHA-256. Of a link: where it points. */
  size: z.int().optional(),
  sha256: sha256.optional(),
  to: z.string().optional(),
});
export type VolumeFile = z.infer<typeof file>;

const volume = z.strictObject({
  namespace: z.string(),
  claim: z.string(),
  /** Of the pod's spec. */
  volume: z.string(),
  pod: z.string(),
  /** kopia's, from the PodVolumeBackup. */
  snapshot: z.string(),
  /** Read on the host before and after the backup: only what was the same both times. */
  files: z.array(file),
  /** Paths that changed meanwhile: they must be there, with any content. */
  moving: z.array(z.string()),
  /** What the tool drops or changes without a word, and the comparison leaves out: '1 FIFO'. */
  notKept: z.array(z.string()).optional(),
});
export type VolumeFacts = z.infer<typeof volume>;

export const veleroFacts = z.strictObject({
  backup: z.string(),
  namespaces: z.array(z.string()),
  objects: z.array(
    z.strictObject({ apiVersion: z.string(), kind: z.string(), namespace: z.string(), name: z.string(), sha256 }),
  ),
  volumes: z.array(volume),
  /** Images of the pods that ran: a rebuilt site must have the same. Absent: the set is older than this. */
  images: z.array(z.string()).optional(),
  /** Of those that came out of a registry: 'registry.example/team/wiki:1', and the digest that it was then. */
  pulled: z.array(z.strictObject({ image: z.string(), from: z.string() })).optional(),
  /** Claims that another source covers, or nothing (then the backup was refused before it began). */
  excluded: z.array(z.strictObject({ namespace: z.string(), claim: z.string(), coveredBy: z.string() })),
});
export type VeleroFacts = z.infer<typeof veleroFacts>;

export const controlPlaneFacts = z.strictObject({
  kind: z.enum(['sqlite', 'etcd']),
  /** Key of the copy: gzipped, then sealed (cipher.ts), since Secrets lie in it as they are. */
  copy: z.string(),
  /** 'Kind namespace/name' -> UID of all Namespaces, Nodes and workloads. */
  uids: z.record(z.string(), z.string()),
});
export type ControlPlaneFacts = z.infer<typeof controlPlaneFacts>;

const common = {
  tool: z.string(),
  version: z.string(),
  /** The moment of the data. */
  point: utc,
  artefacts: z.array(artefact).min(1),
};

export const setPart = z.discriminatedUnion('source', [
  z.strictObject({ source: z.literal('postgres'), ...common, facts: postgresFacts }),
  z.strictObject({ source: z.literal('velero'), ...common, facts: veleroFacts }),
  z.strictObject({ source: z.literal('control-plane'), ...common, facts: controlPlaneFacts }),
]);
export type SetPart = z.infer<typeof setPart>;
export type PartOf<S extends SourceName> = Extract<SetPart, { source: S }>;
export type Artefact = z.infer<typeof artefact>;

/** sets/<id>/manifest.json; its signature lies beside it in manifest.sig. */
export const manifest = z.strictObject({
  schema: z.literal(1),
  id: setId,
  site: z.string(),
  takenAt: utc,
  trigger: z.enum(['schedule', 'person']),
  sources: z.array(setPart).min(1),
  escrowGeneration: z.int().min(1),
  /** Of the checkout; '-dirty' when it had changes. */
  commit: z.string(),
  /** SHA-256 of artifacts/lock.yaml. */
  lockDigest: sha256,
  /** The set before it, and the digest of its manifest: a set that vanishes is seen. */
  previous: z.strictObject({ id: setId, sha256 }).nullable(),
});
export type Manifest = z.infer<typeof manifest>;

export const partOf = <S extends SourceName>(set: Manifest, source: S): PartOf<S> | undefined =>
  set.sources.find((part): part is PartOf<S> => part.source === source);

/** Where things lie in a site's bucket. */
export const KEYS = {
  sets: 'sets/',
  manifest: (id: string) => `sets/${id}/manifest.json`,
  signature: (id: string) => `sets/${id}/manifest.sig`,
  /** Of one source, written when it is taken; set.seal reads them. */
  part: (id: string, source: SourceName) => `sets/${id}/parts/${source}.json`,
  file: (id: string, name: string) => `sets/${id}/${name}`,
  pgbackrest: 'pgbackrest/',
  /** Velero's prefix in the bucket: backups/, restores/, kopia/<namespace>/ lie below. */
  velero: 'velero/',
} as const;
