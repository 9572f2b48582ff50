import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isScalar, parseDocument } from 'yaml';
import type { Site } from '../inventory/index.ts';
import { writeDurably } from './durable.ts';
import { fetchText, type HttpDeps } from './http.ts';
import type { Arch } from './identity.ts';
import { lockPath, parseLock } from './lock-file.ts';
import { UNRESOLVED } from './lock-schema.ts';
import { fileUrl } from './recipe.ts';
import { mirrored } from './sources/mirror.ts';
import { digestFromSums } from './sums.ts';

export interface Filled {
  name: string;
  version: string;
  arch: Arch;
  file: string;
  digest: string;
  /** The sums file that said so. */
  from: string;
}

export interface FillDeps extends HttpDeps {
  project: string;
  site: Pick<Site, 'artifacts'>;
}

const ARCHES: readonly Arch[] = ['amd64', 'arm64'];

/**
 * Looks up every unresolved digest in the sums file beside the download and writes lock.yaml, all of them or none;
 * comments and order stay. A digest that is there is never changed. Errors: LOCK_INVALID, LOCK_SUMS, ARTIFACT_ABSENT,
 * ARTIFACT_DOWNLOAD.
 */
export async function fillLock(deps: FillDeps): Promise<Filled[]> {
  const path = lockPath(deps.project);
  const text = await readFile(path, 'utf8');
  const filled: Filled[] = [];
  for (const { name, version, base, arch, file, sums } of unresolved(text, path)) {
    const from = lookupUrl(fileUrl(base, sums), deps);
    deps.progress(`${name} ${version} ${arch}: ${from}`);
    const digest = digestFromSums(await fetchText(from, deps), file, from);
    filled.push({ name, version, arch, file, digest, from });
  }
  if (filled.length > 0) await writeDurably(path, withDigests(text, filled), `${path}.${randomUUID()}`, 0o644);
  return filled;
}

/** Only the words are exchanged: a document that is printed anew moves its comments. */
function withDigests(text: string, filled: readonly Filled[]): string {
  const document = parseDocument(text);
  const places = filled.map(({ name, version, arch, digest }) => {
    const node = document.getIn(['artifacts', name, version, 'release', arch, 'digest'], true);
    const [start, end] = (isScalar(node) && node.range) || [0, 0];
    return { start, end, digest };
  });
  // From the back, so that the places before stay where they are.
  places.sort((a, b) => b.start - a.start);
  return places.reduce((whole, { start, end, digest }) => whole.slice(0, start) + digest + whole.slice(end), text);
}

function unresolved(text: string, path: string) {
  return Object.entries(parseLock(text, path).artifacts).flatMap(([name, versions]) =>
    Object.entries(versions).flatMap(([version, { release }]) =>
      ARCHES.flatMap(arch => {
        const locked = release?.[arch];
        return release && locked?.digest === UNRESOLVED ? [{ name, version, arch, base: release.base, ...locked }] : [];
      }),
    ),
  );
}

/** A site that knows a mirror only asks the mirror. */
function lookupUrl(url: string, { site }: FillDeps): string {
  const { sources, mirror } = site.artifacts;
  const order = sources.find(source => source === 'release' || source === 'mirror');
  return order === 'mirror' && mirror ? mirrored(url, mirror) : url;
}
