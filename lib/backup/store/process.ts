import { OpsError } from '../../errors/index.ts';
import { commandLines } from '../../host/command-lines.ts';
import { isFree } from '../../host/ports.ts';
import type { StoreFiles } from '../../store/index.ts';
import { type Clock, seconds } from '../../time/index.ts';

/** The store's server, as it runs. */
export interface ServerProcess {
  pid: number;
  /** It was started with; on 127.0.0.1. */
  port: number;
}

/** Found by the folder it keeps versions in: after a reboot a pid file may name another process. */
export async function serverProcess({ versions }: Pick<StoreFiles, 'versions'>): Promise<ServerProcess | undefined> {
  const found = (await commandLines()).map(({ pid, line }) => parse(pid, line.split('\0').slice(0, -1), versions));
  return found.find(process => process !== undefined);
}

function parse(pid: number, args: readonly string[], versions: string): ServerProcess | undefined {
  if (args[args.indexOf('--versioning-dir') + 1] !== versions || !args.includes('posix')) return undefined;
  const port = Number(args[args.indexOf('--port') + 1]?.split(':').at(-1));
  return { pid, port };
}

/** TERM, and KILL after five seconds. Resolves when it is gone with its port; an absent one is fine. */
export async function endServer(files: StoreFiles, clock: Clock): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const running = await serverProcess(files);
    if (!running) return;
    send(running.pid, signal);
    for (const start = clock.monotonic(); clock.monotonic() - start < seconds(5); await clock.sleep(50))
      // Linux lets go of the command line of a killed process before it closes its sockets.
      if ((await serverProcess(files))?.pid !== running.pid && (await isFree(running.port))) return;
  }
  throw new OpsError('STORE_UNREACHABLE', `cannot end the server of ${files.dir}: it outlives SIGKILL`);
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
