import { EXIT } from '../errors/codes.ts';
import { COMMON, SPECIAL } from './flag-table.ts';
import type { Call } from './verb.ts';
import { VERBS } from './verbs.ts';

const row = (left: string, right: string) => `  ${left.padEnd(18)} ${right}`;

function flagRow(name: string, option: { value?: string; about: string }): string {
  return row(`--${name}${option.value ? ` ${option.value}` : ''}`, option.about);
}

/** `--help`. */
export function overview(): string {
  const groups = Map.groupBy(Object.entries(VERBS), ([, { group }]) => group);
  return [
    'usage: ./muster VERB [--site NAME] [flags]',
    ...[...groups].flatMap(([group, verbs]) => ['', group, ...verbs.map(([name, { title }]) => row(name, title))]),
    '',
    'Flags of every verb',
    ...Object.entries(COMMON).map(([name, option]) => flagRow(name, option)),
    '',
    `Exit status: ${Object.entries(EXIT)
      .map(([name, status]) => `${status} ${name}`)
      .join(', ')}`,
    'A verb in full: ./muster help VERB',
  ].join('\n');
}

function about(verb: string): string {
  const { title, words, flags = [] } = VERBS[verb] ?? { title: '' };
  const own = flags.map(flag => flagRow(flag, SPECIAL[flag]));
  return [
    `usage: ./muster ${[verb, words, '[flags]'].filter(Boolean).join(' ')}`,
    '',
    title,
    ...(own.length > 0 ? ['', 'Flags of this verb', ...own] : []),
    '',
    'Flags of every verb',
    ...Object.entries(COMMON).map(([name, option]) => flagRow(name, option)),
  ].join('\n');
}

/** `help VERB` and `VERB --help`. */
export async function help({ verb, args, out }: Pick<Call, 'verb' | 'args' | 'out'>): Promise<undefined> {
  const asked = verb === 'help' ? args[0] : verb;
  if (asked === undefined) return out.data(overview());
  if (!Object.hasOwn(VERBS, asked)) {
    // The same words as for a verb that is typed wrong.
    const { parseCommand } = await import('./flags.ts');
    await parseCommand([asked]);
  }
  return out.data(about(asked));
}
