import type { EngineEvent } from '../../engine/index.ts';
import { asOpsError } from '../../errors/index.ts';
import type { Clock } from '../../time/index.ts';
import { openTimings } from '../timings.ts';
import type { Call } from '../verb.ts';
import { lineRenderer } from './lines.ts';
import { stepLabel, timingKey, track } from './track.ts';

export interface View {
  emit(event: EngineEvent): void;
  /** The step in which an error came up. */
  whereOf(error: unknown): string | undefined;
  /** Gives the terminal back, and keeps this run's times for the next one. */
  end(): void;
}

export interface ViewOptions {
  clock: Clock;
  /** The cache's directory: what steps took lies there. */
  cache: string;
  mask(text: string): string;
}

/** A view over engine events, on stderr: a living list for a person, plain lines for a log. It decides nothing. */
export async function openView({ out, flags }: Pick<Call, 'out' | 'flags'>, options: ViewOptions): Promise<View> {
  const { clock, cache, mask } = options;
  const timings = openTimings(cache);
  const alive = out.terminal() && !flags.verbose;
  const renderer = alive
    ? (await import('./list.ts')).listRenderer(process.stderr, clock)
    : lineRenderer(out.status, clock, flags.verbose ?? false);
  const failures = new Map<string, string>();
  const show = track(renderer, { clock, expected: timings.expected, mask });
  const beat = setInterval(renderer.tick, 1000).unref();
  const end = () => {
    clearInterval(beat);
    process.removeListener('exit', end);
    renderer.end();
    timings.save();
  };
  // However the process ends, the terminal gets its cursor back.
  process.once('exit', end);
  return {
    emit: event => {
      if (event.type === 'failed') failures.set(asOpsError(event.error).message, stepLabel(event.step));
      if (event.type === 'done' && event.changed > 0) timings.add(timingKey(event.step), event.ms);
      show(event);
    },
    whereOf: error => failures.get(asOpsError(error).message),
    end,
  };
}
