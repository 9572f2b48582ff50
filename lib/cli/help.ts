import { EXIT } from '../errors/exit.ts';
import { COMMON, SPECIAL } from './flag-table.ts';
import type { Act, Verb } from './verb.ts';

type Verbs = Readonly<Record<string, Verb>>;

const row = (left: string, right: string) => `  ${left.padEnd(18)} ${right}`;

const flagRow = (name: string, { value, about }: { value?: string; about: string }) =>
  row(`--${name}${value ? ` ${value}` : ''}`, about);

const commonRows = () => ['', 'Flags of every verb', ...Object.entries(COMMON).map(entry => flagRow(...entry))];

/** `--help`. */
export function overview(verbs: Verbs): string {
  const groups = Map.groupBy(Object.entries(verbs), ([, { group }]) => group);
  const statuses = Object.entries(EXIT).map(([name, status]) => `${status} ${name}`);
  return [
    'usage: ./muster VERB [--site NAME] [flags]',
    ...[...groups].flatMap(([group, members]) => ['', group, ...members.map(([name, { title }]) => row(name, title))]),
    ...commonRows(),
    '',
    `Exit status: ${statuses.join(', ')}`,
    'A verb in full: ./muster help VERB',
  ].join('\n');
}

function about(name: string, { title, words, flags }: Verb): string {
  const own = flags.map(flag => flagRow(flag, SPECIAL[flag]));
  return [
    `usage: ./muster ${[name, words, '[flags]'].filter(Boolean).join(' ')}`,
    '',
    title,
    ...(own.length > 0 ? ['', 'Flags of this verb', ...own] : []),
    ...commonRows(),
  ].join('\n');
}

/** `help`, `help VERB` and `VERB --help`. Errors: USAGE. */
export const helpOn =
  (verbs: Verbs): Act =>
  async ({ verb, args, out }) => {
    const asked = verb === 'help' ? args[0] : verb;
    if (asked === undefined) return out.data(overview(verbs));
    const known = Object.hasOwn(verbs, asked) ? verbs[asked] : undefined;
    if (known) return out.data(about(asked, known));
    const { unknownWord } = await import('./unknown-word.ts');
    throw unknownWord('verb', asked, Object.keys(verbs));
  };
