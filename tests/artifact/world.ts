import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ArtifactDeps } from '../../lib/artifact/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { Masker } from '../../lib/secret/index.ts';
import { createShells } from '../../lib/shell/index.ts';
import { systemClock } from '../../lib/time/index.ts';

/** A checkout and a cache of a test's own. */
export interface ArtifactWorld {
  dir: string;
  project: string;
  cache: string;
  /** Progress lines of all that ran. */
  said: string[];
  writeLock(lock: unknown): void;
  deps(
    changes?: Partial<ArtifactDeps> & { sources?: Site['artifacts']['sources']; environment?: Site['environment'] },
  ): ArtifactDeps;
  close(): Promise<void>;
}

const tinyModule = join(import.meta.dirname, '../programs/tiny-module');

export async function newWorld(env: Record<string, string | undefined> = process.env): Promise<ArtifactWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'muster-artifact-'));
  const project = join(dir, 'project');
  mkdirSync(join(project, 'artifacts'), { recursive: true });
  cpSync(tinyModule, join(project, 'artifacts/modules/lab'), { recursive: true });
  const stop = new AbortController();
  const connect = () => Promise.reject(new Error('no host in this test'));
  const shells = createShells({ connect, clock: systemClock, signal: stop.signal, masker: new Masker(), env });
  const shell = await shells.shell('localhost');
  const said: string[] = [];
  const world: ArtifactWorld = {
    dir,
    project,
    cache: join(dir, 'cache'),
    said,
    writeLock: lock =>
      writeFileSync(join(project, 'artifacts/lock.yaml'), typeof lock === 'string' ? lock : stringify(lock)),
    deps: ({ sources = ['release'] as const, environment = 'lab', site, ...changes } = {}) => ({
      shell,
      project,
      cache: world.cache,
      clock: systemClock,
      signal: stop.signal,
      // No pause between attempts.
      random: () => 0,
      progress: text => void said.push(text),
      site: site ?? { name: 'test', environment, artifacts: { sources } },
      ...changes,
    }),
    async close() {
      stop.abort(new Error('the test is over'));
      await shells.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return world;
}

export const VERSION = 'v1.36.4+k3s1';
export const FOLDER = '/k3s-io/k3s/releases/download/v1.36.4+k3s1';

/** A lock whose k3s is the server's release and whose tiny is built from the module. */
export const lockOf = (base: string, digest = 'unresolved') => ({
  schema: 1,
  module: 'artifacts/modules/lab',
  artifacts: {
    k3s: {
      [VERSION]: {
        release: {
          base: `${base}${FOLDER.replace('+', '%2B')}`,
          amd64: { file: 'k3s', sums: 'sha256sum-amd64.txt', digest },
        },
      },
    },
    tiny: {
      v1: { module: { packages: ['./cmd/tiny'], define: { 'tiny/internal/word.Value': 'first' } } },
      packed: { module: { packages: ['./cmd/tiny', './cmd/second'], pack: './cmd/pack' } },
    },
  },
  images: {},
});

export const k3s = { name: 'k3s', version: VERSION, arch: 'amd64' } as const;
export const tiny = { name: 'tiny', version: 'v1', arch: 'amd64' } as const;
