import type { Command, ExecOptions } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';

/** What a host is told to run: sh text, and bytes for its stdin that come before the command's own. */
export interface Wrapped {
  text: string;
  preamble: string;
  /** Begins both streams of the command; what came before it was printed by a login shell. Also in the environment. */
  mark: string;
}

/** The variable by which a command's descendants are found, wherever they moved to. */
export const MARK_VARIABLE = 'MUSTER_EXEC';

/** The kernel's limit for one argument (MAX_ARG_STRLEN); the whole sh text is one. */
const MAX_TEXT = 131_072 - 64;
const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** One word of POSIX sh, byte for byte. */
export const quote = (word: string): string => (PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * sh text that changes into cwd, sets the environment, says on both streams that it begins, and becomes the command.
 * `before` is the transport's own first line. Errors: ARGUMENT_REFUSED for what cannot travel byte-exact.
 */
export function wrap(command: Command, options: ExecOptions, mark: string, before: string): Wrapped {
  const { cwd, env = {}, secretEnv = {} } = options;
  const lines = [before, `export ${MARK_VARIABLE}=${mark}`];
  if (cwd !== undefined) lines.push(`cd ${quote(absolute(cwd))} || { echo ${mark} cwd; exit 1; }`);
  for (const [name, value] of Object.entries(env)) lines.push(`export ${variable(name)}=${quote(exact(value, name))}`);
  let preamble = '';
  for (const [name, secret] of Object.entries(secretEnv)) {
    // Through stdin: an argument could be read by every user of the host. `read` takes one byte at a time, so that
    // the command finds its own stdin untouched; the dot keeps newlines at the end from $( ).
    lines.push(`IFS= read -r _m || exit 1`, `export ${variable(name)}="$(printf %b. "$_m")"; ${name}="\${${name}%.}"`);
    preamble += `${octal(exact(secret.reveal(), name))}\n`;
  }
  lines.push(
    // The process group, field 5: a sudo with a terminal of its own gives the command a new one.
    `read -r _m _m _m _m _g _m <"/proc/$$/stat" || _g=$$`,
    // Nobody listens any more when we were told to stop meanwhile: then it must not begin.
    `echo ${mark} run "$$" "$_g" || exit 1; echo ${mark} >&2`,
    `unset _m _g; exec ${programme(command, options).map(quote).join(' ')}`,
  );
  const text = lines.filter(line => line !== '').join('\n');
  return { text: bounded(text), preamble, mark };
}

/** A script becomes one compound command: cut short it is a syntax error, and what it starts cannot eat the rest. */
export const scriptInput = (script: string): string => `{ ${exact(script, 'the script')}\n} </dev/null\n`;

/**
 * For a login shell of any make (sh, bash, csh, fish): what their quotings disagree about, backslash, quote,
 * exclamation mark, control characters and newline, is octal and put back by sh.
 */
export function loginLine(text: string, sudo: boolean): string {
  const line = `exec ${sudo ? 'sudo -n -- ' : ''}/bin/sh -c 'eval "$(printf %b "$1")"' sh '${octal(text)}'`;
  return bounded(line);
}

const octal = (text: string): string =>
  text.replace(/[\\'!]|[^\x20-\x7e]/gu, char =>
    Array.from(Buffer.from(char), byte => `\\0${byte.toString(8).padStart(3, '0')}`).join(''),
  );

function programme(command: Command, { stdin }: ExecOptions): readonly string[] {
  if ('script' in command) {
    if (stdin !== undefined) throw refused('stdin together with a script, which is read from there');
    for (const arg of command.args ?? []) exact(arg, 'an argument of the script');
    return ['/bin/sh', '-s', '--', ...(command.args ?? [])];
  }
  command.forEach((arg, index) => {
    exact(arg, `argument ${index}`);
  });
  const first = command[0] ?? '';
  // `exec` would take it for an option of its own.
  if (first === '' || first.startsWith('-')) throw refused(`${JSON.stringify(first)} as the name of a programme`);
  return command;
}

function exact(value: unknown, what: string): string {
  if (typeof value !== 'string') throw refused(`${String(value)} as ${what}: not text`);
  if (value.includes('\0')) throw refused(`a NUL byte in ${what}`);
  if (!value.isWellFormed()) throw refused(`half a character (a lone surrogate) in ${what}`);
  return value;
}

function absolute(cwd: string): string {
  if (!exact(cwd, 'cwd').startsWith('/')) throw refused(`cwd ${JSON.stringify(cwd)}: not an absolute path`);
  return cwd;
}

function variable(name: string): string {
  if (!NAME.test(name)) throw refused(`${JSON.stringify(name)} as the name of an environment variable`);
  return name;
}

function bounded(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_TEXT) throw refused(`${bytes} bytes of arguments and environment, more than ${MAX_TEXT}`);
  return text;
}

const refused = (what: string) => new OpsError('ARGUMENT_REFUSED', `cannot pass ${what}`);
