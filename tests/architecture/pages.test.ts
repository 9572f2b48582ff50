import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { VERBS } from '../../lib/cli/verbs.ts';
import { CODES } from '../../lib/errors/index.ts';
import { isIgnored, projectFiles, ROOT, read } from './tree.ts';

const makefile = read('Makefile');
const targets = [...makefile.matchAll(/^([a-z][a-z-]*):/gm)].map(([, name = '']) => name);
const pages = projectFiles().filter(path => /^([A-Z]+|docs\/.+)\.md$/.test(path));

/** Code of a page, in lines or in blocks: only there does a word mean a command. */
const codeOf = (page: string) =>
  [...read(page).matchAll(/```[a-z]*\n([\s\S]*?)```|`([^`\n]+)`/g)]
    .map(([, block, word]) => block ?? word ?? '')
    .join('\n');

const found = (pattern: RegExp) =>
  pages.flatMap(page => [...codeOf(page).matchAll(pattern)].map(([, name = '']) => ({ page, name })));

const docs = suite('pages');

docs('name make targets that exist', () => {
  equal(
    found(/\bmake ([a-z][a-z-]*)/g).filter(({ name }) => !targets.includes(name)),
    [],
  );
});

docs('name verbs that exist', () => {
  equal(
    found(/\.\/muster ([a-z][a-z-]*)/g).filter(({ name }) => !Object.hasOwn(VERBS, name) && name !== 'setup'),
    [],
  );
});

docs('name error codes that exist', () => {
  const codes = found(/\bexplain ([A-Z][A-Z_]+)/g).filter(({ name }) => name !== 'CODE');
  equal(
    codes.filter(({ name }) => !Object.hasOwn(CODES, name)),
    [],
  );
});

docs('name files and folders that exist, or that git ignores because a run makes them', () => {
  const paths = found(
    /(?:^|[\s(])((?:lib|scripts|tests|docs|inventories|kubeconfigs|artifacts|images|app|bench)\/[\w./-]+)/gm,
  );
  const missing = paths.filter(
    ({ name }) => !/[*<]|NN-/.test(name) && !existsSync(join(ROOT, name)) && !isIgnored(name),
  );
  equal(missing, []);
});

docs('link to what exists', () => {
  const links = pages.flatMap(page =>
    [...read(page).matchAll(/\]\(([^)#:]+)\)/g)].map(([, to = '']) => ({ page, to: join(dirname(page), to) })),
  );
  ok(links.length > 3);
  equal(
    links.filter(({ to }) => !existsSync(join(ROOT, to))),
    [],
  );
});

const makeIndex = suite('Makefile');

makeIndex('is an index: help first, a line a target, at most 120 lines', () => {
  equal(targets[0], 'help');
  ok(makefile.split('\n').length <= 120);
  const recipes = makefile.split('\n\n').map(block => block.split('\n').filter(line => line.startsWith('\t@')));
  equal(
    recipes.filter(lines => lines.length > 1),
    [],
  );
});

makeIndex('explains every target, and declares it phony', () => {
  const phony = /\.PHONY: ((?:.*\\\n)*.*)/.exec(makefile)?.[1]?.split(/[\s\\]+/) ?? [];
  equal(
    targets.filter(name => !new RegExp(`^${name}:.*## \\S`, 'm').test(makefile)),
    [],
  );
  equal(targets.toSorted(), phony.toSorted());
});

makeIndex('calls verbs that exist', () => {
  const verbs = [...makefile.matchAll(/^\t.*\.\/muster ([a-z]+)/gm)].map(([, name = '']) => name);
  equal(
    verbs.filter(name => !Object.hasOwn(VERBS, name) && name !== 'setup'),
    [],
  );
});

docs.run();
makeIndex.run();
