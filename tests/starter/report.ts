import type { History } from './history.ts';
import type { FileResult } from './run-file.ts';
import type { TestFile } from './tiers.ts';

/** A file that this run leaves out, with the number of its tests. */
export interface LeftOut {
  file: TestFile;
  tests: number;
}

/** Failures of a file that the summary shows: what comes later often follows from them. */
const WHYS = 3;

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`.padStart(8);
const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;

export const startedLine = ({ path }: TestFile, expected?: number): string =>
  `${' '.repeat(8)}  start  ${path}${expected ? ` (${seconds(expected).trim()} last time)` : ''}`;

export function endedLine({ file, passed, failed, skipped, problems, ms }: FileResult): string {
  const counts = [plural(passed, 'test')];
  if (failed > 0) counts.push(`${failed} failed`);
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  const head = `${seconds(ms)}  ${failed > 0 ? 'FAIL ' : 'ok   '}  ${file.path}  ${counts.join(', ')}`;
  return [head, ...problems.map(problem => `${' '.repeat(17)}${problem}`)].join('\n');
}

/** Everything before the last line: seconds per file, skips with reasons, what failed. */
export function summary(results: readonly FileResult[], leftOut: readonly LeftOut[], history: History): string {
  const slowest = [...results].sort((a, b) => b.ms - a.ms);
  return [
    '',
    'seconds per file',
    ...slowest.map(({ ms, file }) => `${seconds(ms)}  ${file.path}`),
    ...section('skipped', [...results.flatMap(skipLines), ...leftOut.map(item => leftOutLine(item, history))]),
    ...section('failed', results.filter(({ failed }) => failed > 0).flatMap(failedLines)),
    '',
  ].join('\n');
}

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : ['', title, ...lines.map(line => `  ${line}`)];

/** Why, again: of a long run often the end alone is kept. */
const failedLines = ({ file, log, problems, failures }: FileResult) => [
  `${file.path}  see ${log}`,
  ...[...failures.slice(0, WHYS), ...problems].map(why => `    ${short(why)}`),
];

const short = (text: string) => text.replace(/\s+/g, ' ').slice(0, 400);

const skipLines = ({ file, skipped }: FileResult) =>
  skipped.map(({ test, reason }) => `${file.path}  "${test}": ${reason}`);

function leftOutLine({ file, tests }: LeftOut, history: History): string {
  const past = history[file.path];
  const last = past ? `last run ${past.at}, ${past.failed ? `${past.failed} failed` : 'passed'}` : 'never run here';
  return `${file.path}  ${plural(tests, 'test')}: only in make test-full; ${last}`;
}

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

export function totals(results: readonly FileResult[], leftOut: readonly LeftOut[]): Totals {
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  return {
    passed: sum(results.map(({ passed }) => passed)),
    failed: sum(results.map(({ failed }) => failed)),
    skipped: sum(results.map(({ skipped }) => skipped.length)) + sum(leftOut.map(({ tests }) => tests)),
  };
}

/** The one line that a machine reads; nothing comes after it. */
export const lastLine = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;
