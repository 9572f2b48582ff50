import { asOpsError, type OpsError, oneLine } from '../errors/index.ts';
import { escapeControls } from '../shell/failures.ts';

/** Where it happened, as far as the one who saw it knows. */
export interface Where {
  site?: string;
  /** 'k3s.start on host server-1' */
  step?: string;
}

/** Takes known secrets out of a text. */
export type Mask = (text: string) => string;

/** The engine names the journal in the details; it has a line of its own here. */
const JOURNAL = 'journal: ';

/** What, where, why, what to type next, the journal. Masked; control characters are escaped. */
export function errorText(thrown: unknown, where: Where, mask: Mask, verbose: boolean): string {
  const error = asOpsError(thrown);
  const journal = journalOf(error);
  const lines = [
    ['error', error.message],
    ['where', [where.step, where.site && `site ${where.site}`].filter(Boolean).join(', ')],
    ...why(error).map(line => ['why', line]),
    ['next', error.hint],
    ['more', `./muster explain ${error.code}`],
    ['journal', journal ?? ''],
    ...(verbose ? stack(error).map(line => ['from', line]) : []),
  ];
  return lines
    .filter(([, text]) => text)
    .map(
      ([label = '', text = ''], n, all) =>
        `${(all[n - 1]?.[0] === label ? '' : label).padEnd(8)}${escapeControls(mask(text))}`,
    )
    .join('\n');
}

/** The same as data. */
export function errorData(thrown: unknown, where: Where, mask: Mask) {
  const error = asOpsError(thrown);
  const { code, exit, message, hint } = error;
  const [what = '', next = '', ...reasons] = [message, hint, ...why(error)].map(mask);
  return { error: { code, exit, message: what, ...where, why: reasons, next, journal: journalOf(error) } };
}

const journalOf = ({ details }: OpsError) => details.find(line => line.startsWith(JOURNAL))?.slice(JOURNAL.length);

/** The details, then the causes that say something new. */
function why(error: OpsError): string[] {
  const lines = error.details.filter(line => !line.startsWith(JOURNAL));
  let cause = error.cause;
  for (let depth = 0; cause !== undefined && depth < 5; depth++) {
    const text = oneLine(cause);
    if (!error.message.includes(text) && !lines.includes(text)) lines.push(text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}

const stack = (error: Error) =>
  (error.stack ?? '')
    .split('\n')
    .slice(1, 8)
    .map(line => line.trim());
