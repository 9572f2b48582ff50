import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { needTool, type ToolDeps, tool } from './tool.ts';

const SOURCES = '/etc/apt';

/**
 * This computer's own sources of a suite as deb822 text: what its administrator chose is what is reached from here.
 * Empty when it has none (another release, another distribution): mmdebstrap then takes its default. `etc` is /etc/apt.
 */
export async function debianSources(suite: string, etc: string = SOURCES): Promise<string> {
  const parts = await readdir(join(etc, 'sources.list.d')).catch(() => []);
  const paths = [join(etc, 'sources.list'), ...parts.sort().map(name => join(etc, 'sources.list.d', name))];
  const stanzas: string[] = [];
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (path.endsWith('.sources')) stanzas.push(...text.split(/\n\s*\n/));
    else if (path.endsWith('.list')) stanzas.push(...text.split('\n').flatMap(oneLine));
  }
  const own = stanzas.flatMap(stanza => ofSuite(stanza, suite));
  const complete = own.some(stanza => field(stanza, 'Suites').includes(suite));
  return complete ? `${own.join('\n\n')}\n` : '';
}

/** 'deb [signed-by=K] URI SUITE COMPONENT...' as a stanza. */
function oneLine(line: string): string[] {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(https?:\S+|file:\S+)\s+(\S+)\s+([^#]+)/.exec(line);
  if (!match) return [];
  const [, options = '', uri, suite, components = ''] = match;
  const key = /signed-by=(\S+)/.exec(options)?.[1];
  return [
    `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: ${components.trim()}${key ? `\nSigned-By: ${key}` : ''}`,
  ];
}

/** Only the suite, its updates and its security: other people's repositories have other suites or components. */
function ofSuite(stanza: string, suite: string): string[] {
  const own = new Set([suite, `${suite}-updates`, `${suite}-security`]);
  const suites = field(stanza, 'Suites').filter(name => own.has(name));
  const off = field(stanza, 'Enabled').includes('no') || !field(stanza, 'Types').includes('deb');
  if (off || suites.length === 0 || !field(stanza, 'Components').includes('main')) return [];
  return [stanza.trim().replace(/^Suites:.*$/m, `Suites: ${suites.join(' ')}`)];
}

const field = (stanza: string, name: string): string[] =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(stanza)?.[1]?.split(/\s+/).filter(Boolean) ?? [];

/** Progress lines of mmdebstrap and apt, as 'I: installing remaining packages inside the chroot...'. */
const tell = (label: string, progress: (text: string) => void) => (line: string) => {
  if (/^I: /.test(line)) progress(`${label}: ${line.slice(3)}`);
};

export interface Debootstrap {
  label: string;
  suite: string;
  /** Arguments as --include=..., without suite, target and sources. */
  args: readonly string[];
  /** A .tar, or a folder that is not there yet. */
  target: string;
  /** Scratch room: gigabytes where the target is a .tar. */
  work: string;
}

/** A Debian tree out of packages. Errors: ARTIFACT_BUILD with mmdebstrap's last lines; TOOL_MISSING. */
export async function debootstrap({ label, suite, args, target, work }: Debootstrap, deps: ToolDeps): Promise<void> {
  await needTool('mmdebstrap', 'mmdebstrap', deps);
  const sources = await debianSources(suite);
  const file = join(work, `${suite}-${randomUUID()}.sources`);
  if (sources) await writeFile(file, sources);
  const argv = ['mmdebstrap', ...args, suite, target, ...(sources ? [file] : [])];
  // Its temporary tree lies where a killed run's is removed.
  const env = { TMPDIR: work };
  await tool(argv, `cannot make a Debian tree for ${label}`, deps, { env, onLine: tell(label, deps.progress) });
}

/** A file or folder out of a package, without installing it. Errors: ARTIFACT_BUILD. */
export async function fileOfPackage(name: string, path: string, work: string, deps: ToolDeps): Promise<string> {
  const dir = join(work, `deb-${name}`);
  deps.progress(`Debian package ${name}`);
  const script = 'set -e; mkdir -p "$1"; cd "$1"; apt-get -q download "$2"; dpkg-deb -x "$2"_*.deb tree';
  await tool({ script, args: [dir, name] }, `cannot have the Debian package ${name}`, deps, { sudo: false });
  return join(dir, 'tree', path);
}
