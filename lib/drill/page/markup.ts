import { escapeControls } from '../../shell/failures.ts';

/** Text that is markup already. Made by `html` only. */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type { Markup };

type Part = string | number | Markup | readonly Markup[] | false | undefined;

/** Of one text; whole it is in report.json. */
const LONGEST = 400;

/** The one place where a text becomes markup. Whatever a table, a file or a user is called: it stays text. */
export const html = (fixed: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
  new Markup(fixed.map((piece, n) => (n === 0 ? piece : render(parts[n - 1]) + piece)).join(''));

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'object') return 'text' in part ? part.text : part.map(({ text }) => text).join('');
  return escapeHtml(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Also nothing that hides or turns round what stands beside it; control characters become visible. */
export const escapeHtml = (text: string): string =>
  escapeControls(cut(text).toWellFormed()).replace(/[&<>"']/g, char => ENTITIES[char] ?? char);

function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… (${text.length} characters, whole in report.json)`;
}
