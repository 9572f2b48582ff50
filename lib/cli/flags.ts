import { parseArgs } from 'node:util';
import { OpsError } from '../errors/index.ts';
import { COMMON, type Flags, SPECIAL } from './flag-table.ts';
import { unknownWord } from './unknown-word.ts';
import { VERBS } from './verbs.ts';

export interface Parsed {
  verb: string;
  args: string[];
  flags: Flags;
}

const OPTIONS = { ...COMMON, ...SPECIAL };
const SHORT = { help: 'h', yes: 'y', verbose: 'v' } as const;
type FlagName = keyof typeof OPTIONS;

const isFlag = (name: string): name is FlagName => Object.hasOwn(OPTIONS, name);
const isVerb = (name: string) => Object.hasOwn(VERBS, name);

/** Errors: USAGE for a verb or flag that there is not, with the nearest known one, and for a word or value too many or too few. */
export function parseCommand(argv: readonly string[]): Parsed {
  const tokens = tokenize(argv);
  const at = tokens.find(({ kind }) => kind === 'positional');
  const verb = at?.kind === 'positional' ? at.value : 'help';
  // After a verb that passes its words on, everything but the site belongs to another program.
  const passed =
    at && isVerb(verb) && VERBS[verb]?.passes ? tokens.find(token => isPassed(token, at.index)) : undefined;
  const cut = passed?.index ?? argv.length;
  const flags: Flags = {};
  const args: string[] = argv.slice(cut);
  for (const token of tokens) {
    if (token.index >= cut || token === at) continue;
    if (token.kind === 'positional') args.push(token.value);
    else if (token.kind === 'option') Object.assign(flags, readFlag(token, verb));
  }
  if (!isVerb(verb)) throw unknownWord('verb', verb, Object.keys(VERBS));
  if (args.length > 0 && !VERBS[verb]?.words) {
    throw usage(`cannot use '${args[0]}': ${verb} takes no words`, `./muster ${verb} --help`);
  }
  return { verb, args, flags };
}

const isPassed = (token: ReturnType<typeof tokenize>[number], verb: number) =>
  token.index > verb && !(token.kind === 'option' && token.name === 'site');

const tokenize = (args: readonly string[]) => {
  const options = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { type }]) => [
      name,
      { type, ...(name in SHORT && { short: SHORT[name as keyof typeof SHORT] }) },
    ]),
  );
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
};

type Token = ReturnType<typeof tokenize>[number];

function readFlag(token: Extract<Token, { kind: 'option' }>, verb: string): Flags {
  const { name, rawName, value, inlineValue } = token;
  if (!isFlag(name))
    throw unknownWord(
      'flag',
      rawName,
      flagsOf(verb).map(flag => `--${flag}`),
    );
  if (isVerb(verb) && !flagsOf(verb).includes(name)) {
    const verbs = Object.keys(VERBS).filter(other => flagsOf(other).includes(name));
    throw usage(`cannot use ${rawName} with ${verb}`, `${rawName} belongs to: ${verbs.join(', ')}`);
  }
  if (OPTIONS[name].type === 'boolean') {
    if (value !== undefined) throw usage(`cannot use '${rawName}=${value}': ${rawName} takes no value`, rawName);
    return { [name]: true };
  }
  if (value === undefined || value === '' || (!inlineValue && value.startsWith('-'))) {
    throw usage(`cannot use ${rawName} without a value`, `${rawName}=${valueName(name)}`);
  }
  return { [name]: value };
}

const valueName = (name: FlagName) => {
  const option = OPTIONS[name];
  return 'value' in option ? option.value : '';
};

/** All flags, for a verb that there is not: its own error comes later. */
const flagsOf = (verb: string): string[] =>
  isVerb(verb) ? [...Object.keys(COMMON), ...(VERBS[verb]?.flags ?? [])] : Object.keys(OPTIONS);

const usage = (message: string, hint: string) => new OpsError('USAGE', message, { hint });
