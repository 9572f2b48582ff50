import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endGroup, groupMembers } from './process-group.ts';
import type { Report, Skipped } from './recorder.ts';
import type { TestFile } from './tiers.ts';

export interface FileResult {
  file: TestFile;
  passed: number;
  failed: number;
  skipped: readonly Skipped[];
  /** Why the file failed, beside what its tests say. */
  problems: readonly string[];
  /** What its tests and hooks threw. */
  failures: readonly string[];
  ms: number;
  /** All that it printed. */
  log: string;
}

export interface RunContext {
  root: string;
  signal: AbortSignal;
  /** Milliseconds; instead of the tier's, for tests of the starter. */
  deadline?: number;
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** One file in a process group of its own, whose output goes to a log file: nothing that it leaves behind can hold us up. */
export async function runFile(file: TestFile, context: RunContext): Promise<FileResult> {
  const log = join(context.root, '.muster', 'tests', `${file.path.replaceAll('/', '-')}.log`);
  const start = performance.now();
  const child = startChild(file, context.root, log, []);
  const reports = readReports(child);
  const stop = stopper(child, context.deadline ?? file.tier.deadline, context.signal);
  const [code, signal] = await ended(child);
  const problems: string[] = await stop();
  const told = await reports;
  const end = told.find(report => report.type === 'end');
  const hanging = told.find(report => report.type === 'hanging');
  if (hanging)
    problems.push(`the event loop goes on after the last test: ${hanging.resources.join(', ') || 'unknown'}`);
  if (signal) problems.push(`ended by ${signal}`);
  else if (!end) problems.push(`ended with status ${code} before its tests did`);
  else if (code !== 0 && end.failed === 0 && !hanging)
    problems.push(`all tests passed, but the process ended with ${code}`);
  problems.push(...(end?.problems ?? []));
  const bad = Math.max(end?.failed ?? 0, problems.length > 0 ? 1 : 0);
  const counts = { passed: end?.passed ?? 0, failed: bad, skipped: end?.skipped ?? [] };
  return { file, ...counts, problems, failures: end?.failures ?? [], ms: performance.now() - start, log };
}

/** How many tests a file has, without running one. */
export async function countTests(file: TestFile, root: string): Promise<number> {
  const child = startChild(file, root, join(root, '.muster', 'tests', 'count.log'), ['--count']);
  const reports = await readReports(child);
  return reports.find(report => report.type === 'count')?.tests ?? 1;
}

function startChild(file: TestFile, root: string, log: string, flags: string[]): ChildProcess {
  mkdirSync(dirname(log), { recursive: true });
  const out = openSync(log, 'w');
  try {
    return spawn(process.execPath, [CHILD, file.path, ...flags], {
      cwd: root,
      detached: true,
      stdio: ['ignore', out, out, 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
  } finally {
    closeSync(out);
  }
}

async function readReports(child: ChildProcess): Promise<Report[]> {
  const pipe = child.stdio[3];
  if (!pipe || !('readable' in pipe)) throw new Error('cannot read reports: no pipe');
  const reports: Report[] = [];
  for await (const line of createInterface({ input: pipe })) reports.push(JSON.parse(line));
  return reports;
}

const ended = (child: ChildProcess) =>
  new Promise<[number | null, string | null]>((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code, signal) => done([code, signal]));
  });

/** Ends the group at the deadline or when we are stopped; afterwards finds and ends what the file left running. */
function stopper(child: ChildProcess, deadline: number, signal: AbortSignal): () => Promise<string[]> {
  const problems: string[] = [];
  const group = child.pid ?? 0;
  const timer = setTimeout(() => {
    problems.push(`did not end within ${deadline / 1000} s`);
    void endGroup(group);
  }, deadline);
  const interrupt = () => void endGroup(group);
  signal.addEventListener('abort', interrupt, { once: true });
  return async () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', interrupt);
    const left = groupMembers(group);
    if (left.length > 0) problems.push(`left running: ${left.map(({ pid, name }) => `${name} (${pid})`).join(', ')}`);
    await endGroup(group);
    return problems;
  };
}

/** The end of a log, for the eye. */
export function tail(log: string, lines: number): string {
  const all = readFileSync(log, 'utf8').trimEnd().split('\n');
  const cut = all.length > lines ? [`... ${all.length - lines} lines before these: ${log}`] : [];
  return [...cut, ...all.slice(-lines)].join('\n');
}
