import { type ChildProcess, spawn } from 'node:child_process';
import { OpsError } from '../errors/index.ts';
import type { Child, Ending, Start, Transport } from './transport.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * This computer. Not through zx: it keeps every byte of output, quotes for one shell, and never escalates to KILL,
 * and its import (65 ms) would be the largest part of a warm plan.
 */
export function localTransport(env: Environment): Transport {
  return {
    before: '',
    async start({ text, sudo: asRoot, signal }: Start): Promise<Child> {
      signal?.throwIfAborted();
      const sudo = asRoot && process.getuid?.() !== 0;
      const sh = ['/bin/sh', '-c', text];
      const argv = sudo ? ['sudo', '-n', '--', ...sh] : sh;
      // A process group of its own: it can be ended as a whole, and a terminal's Ctrl-C reaches us first.
      const spawned = spawn(argv[0] ?? '', argv.slice(1), { detached: true, env });
      await started(spawned, sudo);
      return childOf(spawned, sudo);
    },
    async close() {},
  };
}

function started(spawned: ChildProcess, sudo: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    spawned.once('spawn', resolve);
    spawned.once('error', cause => {
      const code = sudo ? 'SUDO_PASSWORD' : 'SHELL_UNUSABLE';
      reject(new OpsError(code, `cannot start ${sudo ? 'sudo' : '/bin/sh'} on localhost: ${cause.message}`, { cause }));
    });
  });
}

function childOf(spawned: ChildProcess, sudo: boolean): Child {
  const { stdin, stdout, stderr } = spawned;
  if (!stdin || !stdout || !stderr) throw new TypeError('stdio is not piped');
  let exit: number | string | undefined;
  spawned.on('error', () => {});
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {});
  spawned.once('exit', (code, signal) => {
    exit = code ?? signal ?? undefined;
  });
  const ended = new Promise<Ending>(resolve => {
    spawned.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    stdin,
    stdout,
    stderr,
    sudo,
    ended,
    pid: spawned.pid,
    exited: () => exit,
    release() {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      spawned.unref();
    },
  };
}
