import type { Command, ExecResult } from '../engine/index.ts';
import { type Code, OpsError } from '../errors/index.ts';
import { quote } from './command.ts';

export interface Masking {
  mask(text: string): string;
}

const LINES = 20;
const LINE_LENGTH = 400;
const COMMAND_LENGTH = 200;

/** Nothing that a terminal would obey or hide: C0, DEL, C1, bidirectional controls, line separators. Tabs stay. */
export const escapeControls = (text: string): string =>
  text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, char => {
    const code = char.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });

/** A command for people: masked, escaped, short. */
export function shownCommand(command: Command, masker: Masking): string {
  const text = 'script' in command ? shownScript(command) : command.map(quote).join(' ');
  const safe = escapeControls(masker.mask(text));
  return safe.length > COMMAND_LENGTH ? `${safe.slice(0, COMMAND_LENGTH)} ...` : safe;
}

function shownScript({ script, args = [] }: { script: string; args?: readonly string[] }): string {
  const code = script.split('\n').filter(line => line.trim() !== '' && !line.trimStart().startsWith('#'));
  const more = code.length > 1 ? ` ... (${code.length} lines)` : '';
  const given = args.length > 0 ? ` with ${args.map(quote).join(' ')}` : '';
  return `sh script: ${code[0]?.trim() ?? ''}${more}${given}`;
}

/** The newest lines, masked before they are cut, so that no half of a secret stays. */
export function lastLines(text: string, masker: Masking): string[] {
  const all = masker.mask(text).split(/\r?\n/);
  while (all.at(-1) === '') all.pop();
  return all.slice(-LINES).map(line => {
    const safe = escapeControls(line);
    return safe.length > LINE_LENGTH ? `${safe.slice(0, LINE_LENGTH)} ...` : safe;
  });
}

/** stderr says why; stdout only when stderr says nothing. */
export const lastWords = ({ stdout, stderr }: Pick<ExecResult, 'stdout' | 'stderr'>, masker: Masking): string[] =>
  lastLines(stderr.text.trim() === '' ? stdout.text : stderr.text, masker);

export function endingInWords({ code, signal }: Pick<ExecResult, 'code' | 'signal'>): string {
  if (code === null) return `ended by ${signal ?? 'a signal'}`;
  const hint = { 126: ' (found, but it cannot be executed)', 127: ' (command not found)' }[code] ?? '';
  return `exit status ${code}${hint}`;
}

/** What failed in words, where, the masked command, its last lines. */
export function commandFailed(host: string, command: Command, result: ExecResult, masker: Masking): OpsError {
  const message = `cannot run ${shownCommand(command, masker)} on ${host}: ${endingInWords(result)}`;
  return new OpsError('COMMAND_FAILED', message, { details: lastWords(result, masker) });
}

/** An error about a command that did not come to an end of its own. */
export function runError(
  code: Code,
  where: { host: string; command: string; why: string },
  context: { details?: readonly string[]; cause?: unknown; hint?: string } = {},
): OpsError {
  return new OpsError(code, `cannot run ${where.command} on ${where.host}: ${where.why}`, context);
}
