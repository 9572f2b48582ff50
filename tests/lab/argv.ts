import { readdirSync, readFileSync } from 'node:fs';

/** The arguments of every process that is seen on this computer meanwhile, those in its containers too. */
export async function withArgv<T>(act: () => Promise<T>): Promise<{ value: T; argv: string }> {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        // It has ended.
      }
    }
  };
  const timer = setInterval(look, 50);
  try {
    const value = await act();
    return { value, argv: [...seen].join('\n') };
  } finally {
    clearInterval(timer);
  }
}
