import { CODES, type Code, OpsError } from '../../errors/index.ts';
import { nearest } from '../../inventory/nearest.ts';
import { json, table } from '../output.ts';
import { runbookOf } from '../runbook.ts';
import type { Act } from '../verb.ts';

const isCode = (word: string): word is Code => Object.hasOwn(CODES, word);

/** What an error code says about the world and what to do. */
export const explain: Act = async ({ args, flags, out, project }) => {
  const [word] = args;
  if (word === undefined) {
    const rows = Object.entries(CODES).map(([code, { exit, meaning }]) => [code, String(exit), meaning]);
    return out.data(flags.json ? json(CODES) : table([['code', 'exit', 'meaning'], ...rows]));
  }
  const code = word.toUpperCase().replaceAll('-', '_');
  if (!isCode(code)) throw noSuch(word, code);
  const { exit, meaning, hint } = CODES[code];
  const runbook = await runbookOf(project, code);
  if (flags.json) return out.data(json({ code, ...CODES[code], ...(runbook && { runbook }) }));
  const entry = runbook ? `\nrunbook  ${runbook}` : '';
  return out.data(`${code}  exit status ${exit}\n\n${meaning}\nNext: ${hint}${entry}`);
};

function noSuch(word: string, code: string): OpsError {
  const near = nearest(code, Object.keys(CODES));
  const hint = near ? `./muster explain ${near}` : './muster explain lists them all';
  return new OpsError('USAGE', `cannot explain '${word}': there is no such code`, { hint });
}
