import type { Shell } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { Masker } from '../secret/index.ts';
import { type Clock, seconds } from '../time/index.ts';
import { createShells } from './shells.ts';

const LONGEST = seconds(30);

/** This computer's shell for what is put away also when the run was stopped: it heeds no signal, but its own 30 s. */
export async function withClosingShell<T>(clock: Clock, use: (shell: Shell) => Promise<T>): Promise<T> {
  const connect = async (host: string) => {
    throw new OpsError('INTERNAL', `cannot put anything away on ${host}: only on this computer`);
  };
  const shells = createShells({ connect, clock, signal: AbortSignal.timeout(LONGEST), masker: new Masker() });
  try {
    return await use(await shells.shell('localhost'));
  } finally {
    await shells.close();
  }
}
