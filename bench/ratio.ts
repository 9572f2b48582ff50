import { spawnSync } from 'node:child_process';

export interface Candidate {
  name: string;
  argv: readonly [string, ...string[]];
}

/** Rounds of one after the other, so that a machine which gets slower or faster meets both alike. */
const ROUNDS = 30;

/** Starts each candidate in turn and prints the fastest and the median as ratios to the first. Milliseconds are wall time. */
export function printRatios(title: string, candidates: readonly Candidate[]): void {
  const times = candidates.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, { argv }] of candidates.entries()) times[n]?.push(timeOf(argv));
  }
  const sorted = times.map(list => list.toSorted((a, b) => a - b));
  const at = (n: number, share: number) => sorted[n]?.[Math.floor((ROUNDS - 1) * share)] ?? Number.NaN;
  console.log(`${title} (${ROUNDS} rounds; fastest, median)`);
  for (const [n, { name }] of candidates.entries()) {
    const shown = [0, 0.5].map(share => `${at(n, share).toFixed(1)} ms = ${(at(n, share) / at(0, share)).toFixed(2)}x`);
    console.log(`  ${name.padEnd(28)} ${shown.join('   ')}`);
  }
}

function timeOf([program, ...args]: readonly [string, ...string[]]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`cannot measure ${program} ${args.join(' ')}: status ${status}\n${stderr}`);
  return performance.now() - start;
}
