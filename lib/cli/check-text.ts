import type { CheckResult } from '../backup/check.ts';
import { EXIT, type ExitStatus } from '../errors/index.ts';

const MOST = 10;

/** Rows of a table: 'ok', 'WRONG' with its code, or 'unknown' with why; below it what differs. */
export const checkRows = (results: readonly CheckResult[]): string[][] =>
  results.flatMap(({ state, code, title, got, details = [] }) => [
    [
      state === 'passed' ? 'ok' : `${state === 'failed' ? 'WRONG' : 'unknown'} ${code ?? ''}`.trim(),
      `${title}: ${got}`,
    ],
    ...(state === 'failed' && details.length > 1 ? details.slice(0, MOST).map(line => ['', `  ${line}`]) : []),
    ...(state === 'failed' && details.length > MOST ? [['', `  ... ${details.length - MOST} more: --json`]] : []),
  ]);

/** Wrong data that was seen outweighs what could not be told. */
export const exitOfChecks = (results: readonly CheckResult[]): ExitStatus => {
  const has = (state: CheckResult['state']) => results.some(one => one.required && one.state === state);
  return has('failed') ? EXIT.failed : has('unrun') ? EXIT.unknown : EXIT.done;
};
