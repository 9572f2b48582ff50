import { randomBytes } from 'node:crypto';
import type { Shell } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Masker } from '../secret/index.ts';
import type { Clock } from '../time/index.ts';
import { createLinks, type Patience, type SshTarget } from './connection.ts';
import { execute, type Host, type Running } from './exec.ts';
import { commandFailed, runError, shownCommand } from './failures.ts';
import { type Environment, localTransport } from './local.ts';
import { sshTransport } from './ssh.ts';
import { upload } from './upload.ts';

export interface ShellsOptions {
  /** Where a host is. Asked at the first command, and again after a connection was lost. */
  connect(host: string): Promise<SshTarget>;
  clock: Clock;
  /** Ends every command, local and remote. */
  signal: AbortSignal;
  /** Learns every secretEnv value. */
  masker: Masker;
  /** For the pauses between attempts; Math.random when absent. */
  random?(): number;
  /** Of local commands; this process's own when absent. */
  env?: Environment;
  patience?: Partial<Patience>;
  /** Unguessable, of [a-z0-9]: names a command in its environment, and temporary files. */
  newMark?(): string;
}

export interface Shells {
  /** 'localhost' is this computer. Connects at the first command, not here. */
  shell(host: string): Promise<Shell>;
  /** What was started and not seen to end, until now. After close(): what remains. */
  stillRunning(): Running[];
  /** Ends what runs, then every connection; within 5 s. */
  close(): Promise<void>;
}

const PATIENCE: Patience = { connect: 30_000, greeting: 8000, keepalive: { every: 10_000, misses: 2 } };

/** Shells of one run, local and ssh behind one interface. */
export function createShells(options: ShellsOptions): Shells {
  const { connect, clock, masker, random = Math.random, env = process.env } = options;
  const { newMark = () => `m${randomBytes(16).toString('hex')}` } = options;
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const links = createLinks({ clock, signal, random, patience: { ...PATIENCE, ...options.patience } });
  const running = new Map<string, Running>();
  const inFlight = new Set<Promise<unknown>>();
  const shells = new Map<string, Shell>();

  const track = <T>(work: Promise<T>): Promise<T> => {
    const settled = work.then(
      () => {},
      () => {},
    );
    inFlight.add(settled);
    settled.then(() => inFlight.delete(settled));
    return work;
  };

  function make(name: string): Shell {
    const local = name === 'localhost';
    const transport = local ? localTransport(env) : sshTransport(name, links, connect, clock);
    return shellOf({ name, transport, masker, signal, running, now: clock.now, newMark }, track);
  }

  return {
    async shell(host) {
      const shell = shells.get(host) ?? make(host);
      shells.set(host, shell);
      return shell;
    },
    stillRunning: () => [...running.values()],
    async close() {
      closing.abort(new OpsError('INTERRUPTED', 'cannot go on: the shells are closed'));
      await Promise.all(inFlight);
      await links.close();
    },
  };
}

type Track = <T>(work: Promise<T>) => Promise<T>;

function shellOf(host: Host, track: Track): Shell {
  const { name, masker } = host;
  const exec: Shell['exec'] = (command, options = {}) => track(execute(host, command, options));
  return {
    host: name,
    exec,
    async run(command, options) {
      const result = await exec(command, options);
      if (result.code !== 0) throw commandFailed(name, command, result, masker);
      const { text, dropped } = result.stdout;
      if (dropped === 0) return text;
      const why = `its output is ${dropped} bytes longer than what is kept`;
      throw runError('COMMAND_FAILED', { host: name, command: shownCommand(command, masker), why });
    },
    upload: (source, path, options) => upload(name, exec, source, path, { ...options, mark: host.newMark(), masker }),
    close: () => host.transport.close(),
  };
}
