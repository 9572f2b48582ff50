import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isScalar, parseDocument } from 'yaml';
import type { Site } from '../inventory/index.ts';
import { writeDurably } from './durable.ts';
import { fetchText, type HttpDeps } from './http.ts';
import type { Arch } from './identity.ts';
import { lockPath, parseLock } from './lock-file.ts';
import { type LockFile, UNRESOLVED } from './lock-schema.ts';
import { fileUrl } from './recipe.ts';
import { publishedDigest } from './registry.ts';
import { mirrored } from './sources/mirror.ts';
import { digestFromSums } from './sums.ts';

export interface Filled {
  name: string;
  version: string;
  /** Of an image all of them. */
  arch: Arch | 'all';
  /** Of an image 'registry.example/velero/velero:v1.18.3'. */
  file: string;
  digest: string;
  /** The sums file that said so, or the registry's address of the manifest. */
  from: string;
}

export interface FillDeps extends HttpDeps {
  project: string;
  site: Pick<Site, 'artifacts'>;
}

const ARCHES: readonly Arch[] = ['amd64', 'arm64'];

/** What is looked up, and where its digest stands in the document. */
interface Open {
  path: readonly string[];
  look(deps: FillDeps): Promise<Filled>;
}

/**
 * Looks up every unresolved digest, in the sums file beside the download or in the registry of the image, and writes
 * lock.yaml, all of them or none; comments and order stay. A digest that is there is never changed. Errors: LOCK_INVALID,
 * LOCK_SUMS, ARTIFACT_ABSENT, ARTIFACT_DOWNLOAD, ARTIFACT_DIGEST.
 */
export async function fillLock(deps: FillDeps): Promise<Filled[]> {
  const path = lockPath(deps.project);
  const text = await readFile(path, 'utf8');
  const filled: (Filled & Pick<Open, 'path'>)[] = [];
  const { artifacts, images } = parseLock(text, path);
  for (const { path, look } of [...openFiles(artifacts), ...openImages(images)])
    filled.push({ ...(await look(deps)), path });
  if (filled.length > 0) await writeDurably(path, withDigests(text, filled), `${path}.${randomUUID()}`, 0o644);
  return filled.map(({ path: _, ...each }) => each);
}

/** Only the words are exchanged: a document that is printed anew moves its comments. */
function withDigests(text: string, filled: readonly (Filled & Pick<Open, 'path'>)[]): string {
  const document = parseDocument(text);
  const places = filled.map(({ path, digest }) => {
    const node = document.getIn(path, true);
    const [start, end] = (isScalar(node) && node.range) || [0, 0];
    return { start, end, digest };
  });
  // From the back, so that the places before stay where they are.
  places.sort((a, b) => b.start - a.start);
  return places.reduce((whole, { start, end, digest }) => whole.slice(0, start) + digest + whole.slice(end), text);
}

const openFiles = (artifacts: LockFile['artifacts']): Open[] =>
  Object.entries(artifacts).flatMap(([name, versions]) =>
    Object.entries(versions).flatMap(([version, { release }]) =>
      ARCHES.flatMap(arch => {
        const locked = release?.[arch];
        if (!release || locked?.digest !== UNRESOLVED) return [];
        const look = async (deps: FillDeps) => {
          const from = lookupUrl(fileUrl(release.base, locked.sums), deps);
          deps.progress(`${name} ${version} ${arch}: ${from}`);
          const digest = digestFromSums(await fetchText(from, deps), locked.file, from);
          return { name, version, arch, file: locked.file, digest, from };
        };
        return [{ path: ['artifacts', name, version, 'release', arch, 'digest'], look }];
      }),
    ),
  );

const openImages = (images: LockFile['images']): Open[] =>
  Object.entries(images).flatMap(([name, { release }]) => {
    if (release?.digest !== UNRESOLVED) return [];
    const { image, host } = release;
    const look = async (deps: FillDeps): Promise<Filled> => {
      deps.progress(`image ${name}: ${image}`);
      const version = image.slice(image.lastIndexOf(':') + 1);
      return { name, version, arch: 'all', file: image, ...(await publishedDigest(image, host, deps)) };
    };
    return [{ path: ['images', name, 'release', 'digest'], look }];
  });

/** A site that knows a mirror only asks the mirror. */
function lookupUrl(url: string, { site }: FillDeps): string {
  const { sources, mirror } = site.artifacts;
  const order = sources.find(source => source === 'release' || source === 'mirror');
  return order === 'mirror' && mirror ? mirrored(url, mirror) : url;
}
