import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An entry of RUNBOOK.md. */
export interface Entry {
  title: string;
  /** As GitHub makes it out of the title. */
  anchor: string;
  codes: readonly string[];
  text: string;
}

/** Entries are headings of the third level; what leads to them is in their line **Codes**. */
export const runbookEntries = (page: string): Entry[] =>
  page
    .split(/^(?=##+ )/m)
    .filter(text => text.startsWith('### '))
    .map(text => {
      const title = /^### (.+)$/m.exec(text)?.[1] ?? '';
      const anchor = title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-');
      const line = /^\*\*Codes\*\* (.+)$/m.exec(text)?.[1] ?? '';
      return { title, anchor, codes: [...line.matchAll(/`([A-Z0-9_]+)`/g)].map(([, code = '']) => code), text };
    });

/** 'RUNBOOK.md#a-key-is-missing'; undefined: no entry has the code, or there is no such page. */
export async function runbookOf(project: string, code: string): Promise<string | undefined> {
  const page = await readFile(join(project, 'RUNBOOK.md'), 'utf8').catch(() => '');
  const entry = runbookEntries(page).find(({ codes }) => codes.includes(code));
  return entry && `RUNBOOK.md#${entry.anchor}`;
}
