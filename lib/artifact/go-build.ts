import { mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExecResult } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { exclusive } from './exclusive.ts';
import type { Go } from './go-toolchain.ts';
import { type Arch, hashTree, type Inputs, sha256, thisArch } from './identity.ts';
import type { LockedModule } from './lock-schema.ts';
import type { ArtifactDeps } from './sources/source.ts';

/** What `go build` depends on beside Go itself. Packages of others change with go.sum only. */
export async function moduleInputs(locked: LockedModule, dir: string): Promise<Inputs> {
  const own = [...locked.packages, ...(locked.pack ? [locked.pack] : [])].filter(isOwn);
  const paths = ['go.mod', 'go.sum', ...own.map(path => path.slice(2)), ...(own.length > 0 ? ['internal'] : [])];
  const sources = await hashTree(dir, paths, path => !path.endsWith('_test.go') && !path.endsWith('.md')).catch(
    cause => {
      throw new OpsError(
        'ARTIFACT_BUILD',
        `cannot read the sources of ${locked.packages.join(', ')}: ${cause.message}`,
        { cause },
      );
    },
  );
  return { sources, build: sha256(JSON.stringify([locked, flags(locked)])) };
}

const isOwn = (path: string) => path.startsWith('./');

/** What `-s -w` leaves out of the program is not made in the first place: a tenth of a build's time. */
const flags = ({ define = {} }: LockedModule): string[] => {
  const variables = Object.entries(define).map(([name, value]) => `-X=${name}=${value}`);
  return [
    '-trimpath',
    '-buildvcs=false',
    '-gcflags=all=-dwarf=false',
    `-ldflags=${['-s', '-w', ...variables].join(' ')}`,
  ];
};

/** The user's caches and proxy, but none of the user's flags. */
const goEnv = (arch: Arch, work: string) => ({
  CGO_ENABLED: '0',
  GOOS: 'linux',
  GOARCH: arch,
  GOAMD64: 'v1',
  GOARM64: 'v8.0',
  GOWORK: 'off',
  GOFLAGS: '-mod=readonly',
  // A killed build leaves its scratch files where the next one removes them.
  GOTMPDIR: join(work, 'tmp'),
});

export interface GoBuild {
  label: string;
  locked: LockedModule;
  dir: string;
  arch: Arch;
  go: Go;
}

/** Builds, packs, and puts the one file at `path`. Gives the module versions inside. Errors: ARTIFACT_BUILD. */
export async function buildModule(build: GoBuild, path: string, work: string, deps: ArtifactDeps): Promise<string[]> {
  await mkdir(join(work, 'tmp'), { recursive: true });
  // Two builds at once would compile what they share twice: Go's cache has no lock for that.
  const out = await exclusive('go-build', deps, () => compile(build, build.locked.packages, build.arch, work, deps));
  const versions = await modules(build, out, deps);
  if (build.locked.pack) await pack(build, build.locked.pack, out, path, work, deps);
  else await rename(out[0] ?? '', path);
  return versions;
}

/** The programs, in the order of their packages. */
async function compile(
  build: GoBuild,
  packages: readonly string[],
  arch: Arch,
  work: string,
  deps: ArtifactDeps,
): Promise<string[]> {
  const { label, go, dir, locked } = build;
  const out = join(work, `bin-${arch}`);
  await mkdir(out, { recursive: true });
  const options = { cwd: dir, env: goEnv(arch, work), signal: deps.signal };
  const common = flags(locked);
  deps.progress(`${label}: reading the module graph`);
  let fetched = 0;
  const listed = await deps.shell.exec(
    [go.program, 'list', '-deps', ...common, '-f', '{{if .Stale}}{{.ImportPath}}{{end}}', ...packages],
    {
      ...options,
      keep: 8 << 20,
      onLine(line, stream) {
        if (stream === 'stderr' && line.startsWith('go: downloading '))
          deps.progress(`${label}: module ${++fetched}: ${line.slice(16)}`);
      },
    },
  );
  must(listed, `cannot list the packages of ${label}`);
  const stale = new Set(listed.stdout.text.split('\n').filter(Boolean));
  let done = 0;
  const built = await deps.shell.exec([go.program, 'build', '-v', ...common, '-o', `${out}/`, ...packages], {
    ...options,
    onLine(line) {
      if (stale.has(line)) deps.progress(`${label}: package ${++done} of ${stale.size}: ${line}`);
    },
  });
  must(built, `cannot build ${label}`);
  return packages.map(path => join(out, basename(path)));
}

/** The last words of Go, without the names of what it compiled. */
function must({ code, signal, stderr }: ExecResult, what: string): void {
  if (code === 0) return;
  const lines = stderr.text
    .trim()
    .split('\n')
    .filter(line => !/^[\w./~-]+$/.test(line));
  const how = signal ? `go was ended by ${signal}` : `go exited with ${code}`;
  throw new OpsError('ARTIFACT_BUILD', `${what}: ${how}`, { details: lines.slice(-15) });
}

async function modules(
  { go }: GoBuild,
  programs: readonly string[],
  { shell, signal }: ArtifactDeps,
): Promise<string[]> {
  const text = await shell.run([go.program, 'version', '-m', ...programs], { signal, keep: 8 << 20 });
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    const [, kind, path, version] = line.split('\t');
    if (kind === 'dep' || kind === '=>') found.add(`${path}@${version}`);
  }
  return [...found].sort();
}

/** The packer runs here, whatever the programs are for. */
async function pack(
  build: GoBuild,
  packer: string,
  programs: readonly string[],
  path: string,
  work: string,
  deps: ArtifactDeps,
): Promise<void> {
  const [program = ''] = await compile({ ...build, label: `${build.label} packer` }, [packer], thisArch(), work, deps);
  deps.progress(`${build.label}: packing ${programs.length} programs`);
  await deps.shell.run([program, path, ...programs], { signal: deps.signal });
}
