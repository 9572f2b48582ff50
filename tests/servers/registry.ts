import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const TOKEN = 'anonymous-pull';

/** An image of the archive, by the name under which it is published: 'velero/velero' at 'v1.18.3'. */
export interface Published {
  repository: string;
  tag: string;
  /** In the archive. */
  ref: string;
}

export interface Registry {
  port: number;
  /** '127.0.0.1:<port>': the host part of its images' names. */
  host: string;
  /** By repository: of what its tag names. */
  digests: Readonly<Record<string, string>>;
  /** Sent as Docker-Content-Digest instead of the right one. */
  lies?: string;
  /** It has nothing any more. */
  gone?: boolean;
  /** 'GET /v2/velero/velero/manifests/v1.18.3'. */
  requests: string[];
  close(): Promise<void>;
}

interface Blob {
  type: string;
  body: Buffer | { file: string };
}

/**
 * A registry of images on loopback that wants a token, as the Docker Hub does, and gives one to everybody; what it has
 * comes out of a docker-archive. Read-only (OCI distribution-spec).
 */
export async function startRegistry(archive: string, published: readonly Published[]): Promise<Registry> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-registry-'));
  await run('tar', ['-xf', archive, '-C', dir]);
  const blobs = new Map<string, Blob>();
  const tags = new Map<string, string>();
  const digests: Record<string, string> = {};
  for (const image of published) {
    const digest = await publish(dir, image, blobs);
    tags.set(`${image.repository}:${image.tag}`, digest);
    digests[image.repository] = digest;
  }
  const server = createServer((request, response) => answer(registry, { blobs, tags }, request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const registry: Registry = {
    port,
    host: `127.0.0.1:${port}`,
    digests,
    requests: [],
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
  return registry;
}

const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The archive's config and layers as they are, under a manifest that names them. */
async function publish(dir: string, { ref }: Published, blobs: Map<string, Blob>): Promise<string> {
  const list = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as Entry[];
  const entry = list.find(({ RepoTags }) => RepoTags?.includes(ref));
  if (!entry) throw new Error(`the archive has no ${ref}: ${list.flatMap(({ RepoTags }) => RepoTags)}`);
  const config = await readFile(join(dir, entry.Config));
  const { rootfs } = JSON.parse(config.toString()) as { rootfs: { diff_ids: string[] } };
  const layers = await Promise.all(
    entry.Layers.map(async (layer, n) => {
      const file = join(dir, layer);
      const digest = rootfs.diff_ids[n] ?? '';
      const type = 'application/vnd.docker.image.rootfs.diff.tar';
      blobs.set(digest, { type, body: { file } });
      return { mediaType: type, size: (await stat(file)).size, digest };
    }),
  );
  const type = 'application/vnd.docker.container.image.v1+json';
  blobs.set(sha256(config), { type, body: config });
  const described = { mediaType: type, size: config.length, digest: sha256(config) };
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: described, layers }));
  blobs.set(sha256(manifest), { type: MANIFEST, body: manifest });
  return sha256(manifest);
}

interface Entry {
  Config: string;
  RepoTags: string[] | null;
  Layers: string[];
}

interface Has {
  blobs: ReadonlyMap<string, Blob>;
  tags: ReadonlyMap<string, string>;
}

async function answer(registry: Registry, has: Has, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', `http://${request.headers.host}`);
  registry.requests.push(`${request.method} ${url.pathname}`);
  if (url.pathname === '/token') {
    const asked = url.searchParams.get('service') === 'stand-in' && url.searchParams.has('scope');
    return void response.writeHead(asked ? 200 : 400).end(JSON.stringify({ token: TOKEN }));
  }
  const [, repository = '', kind, name = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
  if (request.headers.authorization !== `Bearer ${TOKEN}`) {
    const challenge = `Bearer realm="${url.origin}/token",service="stand-in",scope="repository:${repository}:pull"`;
    return void response.writeHead(401, { 'www-authenticate': challenge }).end('{}');
  }
  const digest = has.tags.get(`${repository}:${name}`) ?? name;
  const blob = kind === undefined ? undefined : has.blobs.get(digest);
  if (!blob || registry.gone) return void response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
  const { type, body } = blob;
  const length = Buffer.isBuffer(body) ? body.length : (await stat(body.file)).size;
  const headers = { 'content-type': type, 'content-length': length, 'docker-content-digest': registry.lies ?? digest };
  response.writeHead(200, headers);
  if (request.method === 'HEAD') response.end();
  else if (Buffer.isBuffer(body)) response.end(body);
  else
    createReadStream(body.file)
      .on('error', () => response.destroy())
      .pipe(response);
}
