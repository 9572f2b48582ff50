import type { ExecOptions, Output } from '../engine/index.ts';
import { capture, header, lines } from './capture.ts';
import { escapeControls, type Masking } from './failures.ts';
import type { Child } from './transport.ts';

/** What came from a command's two streams. */
export interface Reading {
  /** undefined: the command did not begin, as far as was seen. */
  begun(): { pid: number; group: number } | undefined;
  refusedCwd(): boolean;
  /** What was printed before the command began, and by whom else. */
  noise(): string;
  end(): { stdout: Output; stderr: Output };
}

const KEEP = 1024 * 1024;

export function readStreams(child: Child, mark: string, options: ExecOptions, masker: Masking): Reading {
  const read = (stream: 'stdout' | 'stderr') => {
    const kept = capture(options.keep ?? KEEP);
    const head = header(mark);
    const { onLine } = options;
    const whole = onLine && lines(line => onLine(escapeControls(masker.mask(line)), stream));
    let words: string[] | undefined;
    child[stream].on('data', (chunk: Buffer) => {
      let own = chunk;
      if (!words) {
        const found = head.take(chunk);
        if (!found) return;
        words = found.words;
        own = found.rest;
      }
      kept.add(own);
      whole?.add(own);
    });
    child[stream].on('end', () => whole?.end());
    return { output: kept.output, noise: head.noise, words: () => words };
  };
  const stdout = read('stdout');
  const stderr = read('stderr');
  return {
    begun() {
      const [verb, pid, group] = stdout.words() ?? [];
      return verb === 'run' ? { pid: Number(pid), group: Number(group) } : undefined;
    },
    refusedCwd: () => stdout.words()?.[0] === 'cwd',
    noise: () => `${stdout.noise()}${stderr.noise()}`,
    end: () => ({ stdout: stdout.output(), stderr: stderr.output() }),
  };
}
