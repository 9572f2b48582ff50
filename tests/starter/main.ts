/**
 * Starts the tests: `main.ts TIER...` (unit contract lab qemu full), with `--only WORD` for a part of the paths,
 * or `main.ts FILE...`. Ends in `N passed, N failed, N skipped`; exit status 0 only when something ran and nothing failed.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addHistory, type History, readHistory } from './history.ts';
import { endedLine, type LeftOut, lastLine, startedLine, summary, totals } from './report.ts';
import { countTests, type FileResult, type RunContext, runFile, tail } from './run-file.ts';
import { findTests, namedTests, STAGES, type TestFile, TIERS } from './tiers.ts';

/** Lines of a failed file's output that are shown. */
const SHOWN = 120;
/** How often a long file says that it still runs. Milliseconds. */
const HEARTBEAT = 60_000;

interface Asked {
  files: TestFile[];
  leftOut: TestFile[];
  context: RunContext;
}

function ask(signal: AbortSignal): Asked {
  const options = {
    root: { type: 'string' },
    only: { type: 'string', multiple: true },
    deadline: { type: 'string' },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const { root = process.cwd(), only = [], deadline } = values;
  const tiers = TIERS.filter(({ name }) => positionals.includes(name));
  const named = positionals.filter(word => !TIERS.some(({ name }) => name === word));
  const files = [...tiers.flatMap(tier => findTests(root, tier, only)), ...namedTests(root, named)];
  // A lab run stands for everything, so that it owes an account of what it leaves out.
  const owed =
    tiers.some(({ name }) => name === 'lab') && !tiers.some(({ name }) => name === 'full') && only.length === 0;
  const leftOut = owed ? TIERS.filter(({ name }) => name === 'full').flatMap(tier => findTests(root, tier, [])) : [];
  return { files, leftOut, context: { root, signal, ...(deadline && { deadline: Number(deadline) }) } };
}

/** The longest first, so that the last one does not run alone for long; in a new checkout, of labs the one with the longest text. */
const byExpected = (history: History, root: string) => {
  const expected = ({ path, tier }: TestFile) =>
    history[path]?.ms ?? (tier.stage === 'quick' ? 0 : statSync(join(root, path)).size);
  return (a: TestFile, b: TestFile) => expected(b) - expected(a);
};

async function runAll({ files, context }: Asked, history: History): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const drain = async (queue: TestFile[]) => {
    for (let file = queue.shift(); file && !context.signal.aborted; file = queue.shift()) {
      results.push(await runOne(file, context, history[file.path]?.ms));
    }
  };
  for (const [stage, width] of Object.entries(STAGES)) {
    const queue = files.filter(({ tier }) => tier.stage === stage).sort(byExpected(history, context.root));
    await Promise.all(Array.from({ length: width }, () => drain(queue)));
  }
  return results;
}

async function runOne(file: TestFile, context: RunContext, expected?: number): Promise<FileResult> {
  if (file.tier.stage !== 'quick') console.log(startedLine(file, expected));
  const start = performance.now();
  const beat = setInterval(() => {
    console.log(`${String(Math.round((performance.now() - start) / 1000)).padStart(6)} s  still  ${file.path}`);
  }, HEARTBEAT);
  const result = await runFile(file, context);
  clearInterval(beat);
  console.log(endedLine(result));
  if (result.failed > 0) console.log(`${tail(result.log, SHOWN)}\n`);
  const { passed, failed, skipped, ms } = result;
  const tests = passed + failed + skipped.length;
  // Kept after each file, so that a killed run is remembered as far as it came.
  addHistory(context.root, { [file.path]: { at: new Date().toISOString(), ms: Math.round(ms), tests, failed } });
  return result;
}

const countLeftOut = (files: readonly TestFile[], root: string): Promise<LeftOut[]> =>
  Promise.all(files.map(async file => ({ file, tests: await countTests(file, root) })));

async function main(): Promise<number> {
  // Impatience changes nothing: what runs is ended within 3 s, and never left behind.
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal));
  const asked = ask(stop.signal);
  const history = readHistory(asked.context.root);
  if (asked.files.length === 0) console.log('cannot test: no file matches');
  const results = await runAll(asked, history);
  const leftOut = await countLeftOut(asked.leftOut, asked.context.root);
  console.log(summary(results, leftOut, history));
  if (stop.signal.aborted)
    console.log(`stopped by ${stop.signal.reason}: ${asked.files.length - results.length} files did not run\n`);
  const total = totals(results, leftOut);
  console.log(lastLine(total));
  if (stop.signal.aborted) return 130;
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

process.exitCode = await main();
