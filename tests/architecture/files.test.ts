import { basename } from 'node:path';
import { suite } from 'uvu';
import { equal } from 'uvu/assert';
import { codeFiles, projectFiles, read } from './tree.ts';

const MOST_LINES = 250;
const MOST_FUNCTION_LINES = 60;

/** Written by tools, or data of this very test. */
const GENERATED =
  /(^|\/)(package-lock\.json|go\.sum|go\.mod|schema\.json|.*\.min\.js)$|^artifacts\/lock\.yaml$|^tests\/cases\//;
const SOURCE = /\.(ts|go|sql|py|sh|html|css|js|ya?ml)$|(^|\/)(Makefile|Containerfile|muster)$/;

const files = projectFiles();
const code = codeFiles('lib', 'scripts', 'tests', 'bench');
const linesOf = (path: string) => read(path).trimEnd().split('\n').length;

const tree = suite('files');

tree(`have at most ${MOST_LINES} lines`, () => {
  const long = files.filter(path => SOURCE.test(path) && !GENERATED.test(path) && linesOf(path) > MOST_LINES);
  equal(
    long.map(path => `${path}: ${linesOf(path)}`),
    [],
  );
});

tree(`have functions of at most ${MOST_FUNCTION_LINES} lines, in Go and Python too`, () => {
  equal(files.filter(path => /\.(go|py)$/.test(path)).flatMap(longFunctions), []);
});

tree('of code are kebab-case, and so are their folders', () => {
  const part = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*$/;
  equal(
    code.filter(path => !path.split('/').every(name => part.test(name))),
    [],
  );
});

tree('are named for what they hold', () => {
  const vague = /(^|\/)(utils?|helpers?|misc|common|shared)(\/|\.|$)/;
  equal(
    files.filter(path => vague.test(path)),
    [],
  );
});

tree('of scripts are numbered, and at most 80 lines', () => {
  const scripts = codeFiles('scripts');
  equal(
    scripts.filter(path => !/^scripts\/\d\d-[a-z]+(-[a-z0-9]+)+\.ts$/.test(path)),
    [],
  );
  equal(
    scripts.filter(path => linesOf(path) > 80).map(path => `${path}: ${linesOf(path)}`),
    [],
  );
});

tree('of lib keep no state in a module', () => {
  const found = code.filter(path => path.startsWith('lib/') && /^(export )?(let|var) /m.test(read(path)));
  equal(found, []);
});

tree('begin the text of an error with "cannot"', () => {
  const text = /new OpsError\(\s*'[A-Z_]+',\s*([`'"])(?!cannot |\$\{)(.{0,40})/g;
  const lib = code.filter(path => /^(lib|scripts)\//.test(path));
  equal(
    lib.flatMap(path => [...read(path).matchAll(text)].map(([, , words]) => `${path}: ${words}`)),
    [],
  );
});

tree('name no package registry', () => {
  const exempt = new Set(['artifacts/lock.yaml', `tests/architecture/${basename(import.meta.filename)}`]);
  const hosts =
    /(registry\.npmjs|proxy\.golang|sum\.golang|pypi|files\.pythonhosted|deb\.debian|registry-1\.docker)\.(org|io)/;
  const images = /\b(docker\.io|ghcr\.io|quay\.io|registry\.k8s\.io|gcr\.io)\//;
  const found = files.filter(path => !exempt.has(path) && !/^tests\/(artifact|cases\/artifact)\//.test(path));
  equal(
    found.filter(path => hosts.test(read(path)) || images.test(read(path))),
    [],
  );
});

tree('of lib lie in a module', () => {
  equal(
    files.filter(path => /^lib\/[^/]+$/.test(path)),
    [],
  );
});

/** From `func` to the brace in the first column; from `def` to the next line that is not further in. */
function longFunctions(path: string): string[] {
  const lines = read(path).split('\n');
  const ends = path.endsWith('.go') ? goEnd : pythonEnd;
  return lines.flatMap((line, start) => {
    if (!/^\s*(async def|def|func) ?/.test(line)) return [];
    const length = ends(lines, start) - start;
    return length > MOST_FUNCTION_LINES ? [`${path}:${start + 1}: ${length} lines`] : [];
  });
}

const goEnd = (lines: readonly string[], start: number) =>
  /\}\s*$/.test(lines[start] ?? '') ? start + 1 : lines.indexOf('}', start) + 1;

function pythonEnd(lines: readonly string[], start: number): number {
  const indent = (line: string) => line.length - line.trimStart().length;
  const depth = indent(lines[start] ?? '');
  // The closing parenthesis of a long signature stands as far left as its `def`.
  const end = lines.findIndex(
    (line, n) => n > start && line.trim() !== '' && indent(line) <= depth && !line.trim().startsWith(')'),
  );
  return end < 0 ? lines.length : end;
}

tree.run();
