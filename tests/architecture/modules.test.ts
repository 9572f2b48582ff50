import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { codeFiles, folders, type Import, importsOf, ROOT, read } from './tree.ts';

const PAGE = 'docs/architecture.md';
const page = read(PAGE);

/** The line of the page that is the law: groups from left to right; the modules of one group do not import each other. */
const groups = (/^`(errors -> .*)`$/m.exec(page)?.[1] ?? '').split(' -> ').map(group => group.split(', '));
const rankOf = (module: string) => groups.findIndex(group => group.includes(module));
const moduleOf = (path: string) => /^lib\/([^/]+)\//.exec(path)?.[1] ?? '';
const imports = codeFiles('lib', 'scripts').flatMap(importsOf);
const show = ({ from, to, line }: Import) => `${from}:${line} imports ${to}`;

const modules = suite('modules');

modules('are in the order that design and page give', () => {
  equal(groups.length, 14);
  equal(
    folders('lib').filter(module => rankOf(module) < 0),
    [],
  );
});

modules('import only from those to their left', () => {
  const wrong = imports.filter(({ from, to }) => {
    const [mine, theirs] = [moduleOf(from), moduleOf(to)];
    return mine && theirs && mine !== theirs && rankOf(theirs) >= rankOf(mine);
  });
  equal(wrong.map(show), []);
});

modules('reach scripts/ from site only', () => {
  const wrong = imports.filter(({ from, to }) => to.startsWith('scripts/') && !/^(lib\/site|scripts)\//.test(from));
  equal(wrong.map(show), []);
});

modules('import files that exist, with their extension', () => {
  const wrong = imports.filter(({ to }) => /^(lib|scripts|tests)\//.test(to) && !existsSync(join(ROOT, to)));
  equal(wrong.map(show), []);
});

modules('have no circle of files', () => {
  equal(circle(imports), '');
});

modules('import packages that package.json pins exactly', () => {
  const { dependencies } = JSON.parse(read('package.json'));
  const used = imports.filter(({ to }) => !/^(node:|lib\/|scripts\/|\.|\/)/.test(to));
  const nameOf = (to: string) => to.split('/', to.startsWith('@') ? 2 : 1).join('/');
  equal(used.filter(({ to }) => !/^\d+\.\d+\.\d+$/.test(dependencies[nameOf(to)] ?? '')).map(show), []);
});

modules('are a row each in the page, which names no other', () => {
  const rows = [...page.matchAll(/^\| `lib\/([a-z0-9-]+)` \| (.+) \|$/gm)];
  equal(rows.map(([, name]) => name).sort(), folders('lib'));
  ok(rows.every(([, , holds = '']) => holds.length > 20));
});

modules('have tests in a folder of the same name', () => {
  const others = [
    'architecture',
    'cases',
    'lab',
    'programs',
    'runbook',
    'scripts',
    'servers',
    'starter',
    'app',
    'artifacts',
  ];
  const known = [...folders('lib'), ...others];
  equal(
    folders('tests').filter(name => !known.includes(name)),
    [],
  );
});

/** Depth first; the first circle as text. */
function circle(edges: readonly Import[]): string {
  const next = Map.groupBy(edges, ({ from }) => from);
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(' -> ');
    if (finished.has(file)) return '';
    const found = (next.get(file) ?? []).map(({ to }) => visit(to, [...path, file])).find(Boolean) ?? '';
    finished.add(file);
    return found;
  };
  return [...next.keys()].map(file => visit(file, [])).find(Boolean) ?? '';
}

modules('a circle would be found', () => {
  const edge = (from: string, to: string) => ({ from, to, line: 1 });
  equal(circle([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')]), 'b -> c -> b');
});

modules.run();
