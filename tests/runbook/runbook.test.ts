import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { parseCommand } from '../../lib/cli/flags.ts';
import { runbookEntries } from '../../lib/cli/runbook.ts';
import { VERBS } from '../../lib/cli/verbs.ts';
import { CODES } from '../../lib/errors/index.ts';
import { codeFiles, ROOT, read } from '../architecture/tree.ts';
import { commandsOf, entries, page } from './commands.ts';

const PARTS = ['Codes', 'Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'Do not'];
const LINES = 45;
const listed = entries.flatMap(({ codes }) => codes);

const book = suite('runbook');

/** What was typed wrong, or is refused before a run: the error says it all. */
const SAYS_IT_ALL =
  /^(USAGE|PLAN_INVALID|CONFIRM_MISSING|INVENTORY_\w+|BUNDLE_\w+|ARGUMENT_REFUSED|CWD_ABSENT|SECRET_NAME_INVALID|SITE_NOT_OWNED|STATE_PATH_LONG|APP_DATABASE_UNREADABLE)$/;

book('every way in which a backup or a drill can end leads to exactly one entry', () => {
  const wrong = Object.keys(CODES).filter(
    code => !SAYS_IT_ALL.test(code) && listed.filter(other => other === code).length !== 1,
  );
  equal(wrong, []);
});

book('every code of an entry exists, and is in no other', () => {
  equal(
    listed.filter(code => !Object.hasOwn(CODES, code)),
    [],
  );
  equal(listed.length, new Set(listed).size);
});

book('every scenario has an entry', () => {
  const scenarios = readdirSync(join(ROOT, 'lib', 'drill', 'scenarios'))
    .map(file => file.replace(/\.ts$/, ''))
    .filter(name => name !== 'index');
  ok(scenarios.length > 0);
  equal(
    scenarios.filter(name => !entries.some(({ title }) => title === name)),
    [],
  );
});

book('every entry has its parts, in their order, and is short', () => {
  for (const { title, text } of entries) {
    equal(
      [...text.matchAll(/^\*\*([A-Z][a-z ]+)\*\*/gm)].map(([, part]) => part),
      PARTS,
      title,
    );
    ok(text.trimEnd().split('\n').length <= LINES, `${title} is longer than ${LINES} lines`);
  }
});

book('what is to be typed stands first under Diagnosis', () => {
  for (const { title, text } of entries) ok(/^\*\*Diagnosis\*\*\n\n```\n/m.test(text), title);
});

book('every command line of it is one that muster understands', () => {
  const commands = commandsOf('./muster').filter(([verb]) => verb !== 'explain');
  ok(commands.length > 40);
  const wrong = commands.flatMap(argv => {
    try {
      parseCommand(argv);
      return [];
    } catch (error) {
      return [`${argv.join(' ')}: ${error}`];
    }
  });
  equal(wrong, []);
});

book('every drill and every step that it names exists', async () => {
  const { SCENARIO_NAMES } = await import('../../lib/drill/scenarios/index.ts');
  const drills = commandsOf('./muster').flatMap(([verb, scenario = '']) => (verb === 'drill' ? [scenario] : []));
  equal(
    [...new Set(drills)].filter(name => !SCENARIO_NAMES.includes(name)),
    [],
  );
  const only = commandsOf('./muster').flatMap(argv =>
    argv.flatMap((word, n) => (argv[n - 1] === '--only' ? [word] : [])),
  );
  const lib = codeFiles('lib').map(read).join('\n');
  equal(
    only.filter(name => !existsSync(join(ROOT, 'scripts', `${name}.ts`)) && !lib.includes(`id: '${name}'`)),
    [],
  );
});

book('every make target of it exists', () => {
  const makefile = read('Makefile');
  const targets = commandsOf('make').map(([target = '']) => target);
  equal(
    targets.filter(target => !new RegExp(`^${target}:`, 'm').test(makefile)),
    [],
  );
});

book('what would lose data is confirmed by name, and rehearsed or dry-run in the same entry', () => {
  for (const { title, text } of entries) {
    const loses = /^\.\/muster restore .*--confirm/m.test(text);
    const careful =
      /^\.\/muster restore (?!.*--confirm)/m.test(text) || /--dry-run/.test(text) || /backup --site/.test(text);
    ok(!loses || careful, title);
  }
});

book('its links lead to entries', () => {
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  ok(links.length > 2);
  equal(
    links.filter(link => !entries.some(({ anchor }) => anchor === link)),
    [],
  );
});

book('an entry is read by its heading, its anchor as GitHub makes it, and its line of codes', () => {
  const text = '## Group\n\n### A store (S3) refuses\n\n**Codes** `ONE` `TWO_X`\n\n**Meaning** `NOT_ONE`\n\n## Next\n';
  const [entry, ...more] = runbookEntries(text);
  equal([entry?.anchor, entry?.codes, more], ['a-store-s3-refuses', ['ONE', 'TWO_X'], []]);
});

book('no verb is promised that destroys without being asked to', () => {
  equal(
    commandsOf('./muster').filter(
      ([verb = '', ...rest]) => verb === 'destroy' || (verb === 'purge-store' && rest.length > 0),
    ),
    [],
  );
  ok(Object.hasOwn(VERBS, 'purge-store'));
});

book.run();
