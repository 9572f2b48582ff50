import { z } from 'zod';

/** 'sha256:<64 hex>', 'sha512:<128 hex>', or 'unresolved': not looked up yet, refused at install, filled by `muster lock`. */
export const UNRESOLVED = 'unresolved';
const digest = z
  .string()
  .regex(/^(unresolved|sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/, 'unresolved, sha256:<64 hex> or sha512:<128 hex>');

/** A name inside a folder: never a path, so that nothing is written or fetched elsewhere. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/, 'a file name of letters, digits and . _ + -');
const httpUrl = z
  .string()
  .refine(text => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'an http(s) URL');
const relativePath = z
  .string()
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, "a path inside the project, relative and without '..'");

const releaseFile = z.strictObject({
  file: fileName,
  /** The sums file beside it, in the format of sha256sum. */
  sums: fileName,
  digest,
});

const release = z.strictObject({
  /** The folder of the download; a mirror keeps its path. */
  base: httpUrl,
  amd64: releaseFile.optional(),
  arm64: releaseFile.optional(),
});

const module = z.strictObject({
  /** Import paths, or ./cmd/NAME for what is written here. */
  packages: z.array(z.string().min(1)).min(1),
  /** -X for the linker: variable -> value. */
  define: z.record(z.string(), z.string()).optional(),
  /** Makes one file of several packages: a package run on this computer as `pack OUT FILE...`. */
  pack: z.string().optional(),
});

const version = z
  .strictObject({ release: release.optional(), module: module.optional() })
  .refine(({ release: fetched, module: built }) => (fetched === undefined) !== (built === undefined), {
    error: 'release or module, one of them',
  });

/** 'registry.example/velero/velero:v1.18.3': host, repository and tag, all of them said. */
const imageName = z
  .string()
  .regex(/^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9][a-z0-9._-]*)+:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'HOST/REPOSITORY:TAG');

/** What upstream publishes, for clusters whose nodes pull their images. */
const releasedImage = z.strictObject({
  image: imageName,
  /** Where its registry answers, if that is another host than its name says. */
  host: z
    .string()
    .regex(/^[a-z0-9.-]+$/, 'a host name')
    .optional(),
  /** Of what the tag names: the index of all architectures, where there is one. */
  digest: z.string().regex(/^(unresolved|sha256:[0-9a-f]{64})$/, 'unresolved or sha256:<64 hex>'),
});

/** A container image, built from images/<name>/Containerfile. The keys say what its context gets beside that folder. */
const image = z.strictObject({
  release: releasedImage.optional(),
  /** Part of a site that runs it; absent: only other images start from it. */
  for: z.enum(['cluster', 'coredns', 'local-path', 'metrics-server', 'app', 'velero']).optional(),
  /** The image that ARG BASE names. */
  from: fileName.optional(),
  /** File in its folder with arguments for mmdebstrap; the result is base.tar. */
  mmdebstrap: fileName.optional(),
  /** Binaries of this lock, by name -> version. */
  binaries: z.record(z.string(), z.string()).optional(),
  /** Files and folders out of Debian packages: name in the context -> where from. */
  debian: z.record(fileName, z.strictObject({ package: z.string(), path: z.string().startsWith('/') })).optional(),
  /** A requirements file with digests, in the context; its wheels lie in wheels/. */
  wheels: z.strictObject({ requirements: fileName, python: z.string() }).optional(),
  /** Files and folders of the project: name in the context -> path. */
  include: z.record(fileName, relativePath).optional(),
});

export const lockSchema = z.strictObject({
  schema: z.literal(1),
  /** Folder of the one Go module that the source `module` builds from. */
  module: relativePath,
  artifacts: z.record(fileName, z.record(z.string(), version)),
  images: z.record(fileName, image),
});

export type LockFile = z.infer<typeof lockSchema>;
export type LockedVersion = z.infer<typeof version>;
export type LockedRelease = z.infer<typeof release>;
export type LockedModule = z.infer<typeof module>;
export type LockedImage = z.infer<typeof image>;
