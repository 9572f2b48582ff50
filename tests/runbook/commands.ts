import { type Entry, runbookEntries } from '../../lib/cli/runbook.ts';
import { read } from '../architecture/tree.ts';

export const page = read('RUNBOOK.md');
export const entries: readonly Entry[] = runbookEntries(page);

/** Every command that the page names, in blocks and in lines, as the words after the program: what a person would type. */
export const commandsOf = (program: './muster' | 'make'): string[][] => {
  const code = [...page.matchAll(/```\n([\s\S]*?)```|`([^`\n]+)`/g)].flatMap(([, block, word]) =>
    (block ?? word ?? '').split('\n'),
  );
  return [...new Set(code)].filter(line => line.startsWith(`${program} `)).map(line => words(line).slice(1));
};

/** As sh splits a line of plain words and '...'. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
