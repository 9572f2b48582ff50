import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { StoreAccess } from '../../lib/store/index.ts';

export interface Answer {
  pid: number;
  is: string;
  message?: string;
  notices?: string[];
}

/** A process that wants the lease `name`, as another computer's would. */
export interface Runner {
  pid: number;
  say(word: 'acquire' | 'check' | 'release'): Promise<Answer>;
  /** It and what it started. */
  kill(signal: NodeJS.Signals): void;
}

/** @param elsewhere in a pid namespace of its own: nobody sees whether its process lives. */
export function startRunner(
  access: StoreAccess,
  { name, ttl, skew = 0, elsewhere = false }: { name: string; ttl: number; skew?: number; elsewhere?: boolean },
): Runner {
  const { accessKey, secretKey, ...place } = access;
  const told = { ...place, accessKey: accessKey.reveal(), secretKey: secretKey.reveal(), name, ttl, skew };
  const node = [process.execPath, join(import.meta.dirname, 'programs/lease-runner.ts')];
  const [program = '', ...args] = elsewhere ? ['unshare', '--user', '--pid', '--fork', '--kill-child', ...node] : node;
  const child = spawn(program, args, {
    env: { ...process.env, LEASE: JSON.stringify(told) },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  const waiting: ((answer: Answer) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', line => waiting.shift()?.(JSON.parse(line)));
  child.on('close', () => waiting.splice(0).forEach(done => void done({ pid: child.pid ?? 0, is: 'ended' })));
  return {
    pid: child.pid ?? 0,
    say: word =>
      new Promise(resolve => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve({ pid: child.pid ?? 0, is: 'ended' });
        waiting.push(resolve);
        child.stdin.write(`${word}\n`);
      }),
    kill(signal) {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), signal);
    },
  };
}
