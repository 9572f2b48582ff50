/**
 * `node bench/critical-path.ts [JOURNAL | DRILL-FOLDER]...`, in the site's checkout: how long a run took against its critical
 * path, the longest chain of effects that need each other. What is between the two is muster's own: observing, deciding,
 * verifying, waiting in the wrong order. A drill's phases come one after the other, and so do their chains.
 */
import { globSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Report } from '../lib/drill/report.ts';
import { orderSteps } from '../lib/engine/index.ts';
import { type Entry, readJournal } from '../lib/engine/journal.ts';
import { bootstrapSteps } from '../lib/site/compose.ts';
import { openSite } from '../lib/site/index.ts';
import { type Chain, longestChain, type Timed, timedSteps } from './chain.ts';

interface Span {
  name: string;
  from: number;
  to: number;
}

const project = resolve(import.meta.dirname, '..');
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** @param given a journal, or the folder of a drill, of a site of this checkout. */
export async function printCriticalPath(given: string): Promise<void> {
  const isFolder = (await stat(given)).isDirectory();
  const { entries } = await readJournal(isFolder ? join(given, 'journal.jsonl') : given);
  const report = isFolder ? (JSON.parse(await readFile(join(given, 'report.json'), 'utf8')) as Report) : undefined;
  const needs = await needsOf(siteOf(entries));
  const steps = timedSteps(entries);
  const spans = report ? phasesOf(report) : [wholeOf(entries)];
  console.log(`\n${relative(project, resolve(given))}`);
  let [wall, path] = [0, 0];
  for (const span of spans) {
    const chain = longestChain(within(steps, span), needs);
    wall += span.to - span.from;
    path += chain.ms;
    show(span, chain);
  }
  console.log(
    `${seconds(wall)} against a critical path of ${seconds(path)}: ${(wall / path).toFixed(2)}x (at most 1.10x)`,
  );
}

/** Of each site of this checkout: the newest bootstrap that made its machine, and the newest rebuild that was verified. */
export async function newestRuns(): Promise<string[]> {
  const found: string[] = [];
  for (const site of globSync('.muster/*/journals', { cwd: project }).sort()) {
    const journals = globSync('*.jsonl', { cwd: join(project, site) })
      .sort()
      .reverse();
    for (const path of journals.map(name => join(project, site, name))) {
      const { entries } = await readJournal(path);
      const made = entries.some(entry => entry.t === 'begin' && entry.step === 'machine.power');
      if (!made || entries[0]?.t !== 'run' || entries[0].verb !== 'bootstrap') continue;
      found.push(path);
      break;
    }
  }
  for (const drills of globSync('.muster/*/drills', { cwd: project }).sort()) {
    const reports = globSync('*/report.json', { cwd: join(project, drills) })
      .sort()
      .reverse();
    const verified = reports.find(path => {
      const { scenario, verdict } = JSON.parse(readFileSync(join(project, drills, path), 'utf8')) as Report;
      return scenario === 'site-rebuild' && verdict === 'verified';
    });
    if (verified) found.push(dirname(join(project, drills, verified)));
  }
  return found;
}

function show({ name, from, to }: Span, { ms, steps }: Chain): void {
  console.log(`${name}: ${seconds(to - from)}, its chain ${seconds(ms)}, the rest ${seconds(to - from - ms)}`);
  for (const { key, ms } of steps) console.log(`  ${seconds(ms).padStart(8)}  ${key}`);
}

function siteOf(all: readonly Entry[]): string {
  const run = all.find(entry => entry.t === 'run');
  if (run?.t !== 'run') throw new Error(`cannot read the journal: its first line is no run`);
  return run.site;
}

/** By key, as the scripts say. */
async function needsOf(name: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const open = await openSite({ project, name, signal: new AbortController().signal, emit: () => undefined });
  const ordered = orderSteps(await bootstrapSteps(open.site, open));
  await open.close();
  const key = ({ id, target }: (typeof ordered.steps)[number]) => `${id} ${target.kind}/${target.name}`;
  return new Map(ordered.steps.map(step => [key(step), (ordered.needs.get(step) ?? []).map(key)]));
}

function wholeOf(all: readonly Entry[]): Span {
  const at = all.flatMap(entry =>
    'at' in entry ? [Date.parse(entry.at)] : entry.t === 'run' ? [Date.parse(entry.startedAt)] : [],
  );
  return { name: 'the run', from: Math.min(...at), to: Math.max(...at) };
}

/** From mark to mark; the proof, whose checks are no effects, is a span without a chain. */
function phasesOf({ clocks }: Report): Span[] {
  return clocks.phases.map(({ name, from, to }) => ({ name, from: markAt(clocks, from), to: markAt(clocks, to) }));
}

function markAt({ marks }: Report['clocks'], mark: string): number {
  return Date.parse(marks.find(each => each.mark === mark)?.at ?? '');
}

function within(all: readonly Timed[], { from, to }: Span): Timed[] {
  return all.filter(({ begun }) => begun >= from && begun < to);
}

if (import.meta.main)
  for (const path of process.argv.length > 2 ? process.argv.slice(2) : await newestRuns())
    await printCriticalPath(path);
