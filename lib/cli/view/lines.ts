import { type Clock, type Duration, formatDuration } from '../../time/index.ts';
import { elapsed, type Renderer, type Running } from './track.ts';

/** A step says something new at most so often, but for its start and its end. */
const PAUSE: Duration = 5000;
/** A step of which nothing was heard for so long is named, so that silence never looks like a hang. */
const SILENCE: Duration = 30_000;

/** Plain lines, each with the time since the start: for logs and CI. */
export function lineRenderer(write: (line: string) => void, clock: Clock, verbose: boolean): Renderer {
  const start = clock.monotonic();
  const shownAt = new Map<Running, number>();
  const line = (word: string, text: string) =>
    write(`${formatDuration(clock.monotonic() - start).padStart(12)}  ${word.padEnd(6)} ${text}`);
  const show = (step: Running, word: string, text: string) => {
    shownAt.set(step, clock.monotonic());
    line(word, `${step.label}${text}`);
  };
  const quietFor = (step: Running) => clock.monotonic() - (shownAt.get(step) ?? 0);
  return {
    started: step => {
      const about = step.expected === undefined ? '' : `  (about ${formatDuration(step.expected)})`;
      show(step, 'start', `${about}${step.now && `  ${step.now}`}`);
    },
    moved: step => {
      if (verbose || quietFor(step) >= PAUSE) show(step, '...', `  ${step.now}`);
    },
    finished: (step, reason) => {
      show(step, 'done', `  ${elapsed(step, clock)}  ${reason}`);
      shownAt.delete(step);
    },
    failed: (label, message, step) => {
      line('FAILED', `${label}  ${step ? `${elapsed(step, clock)}  ` : ''}${message}`);
      if (step) shownAt.delete(step);
    },
    notice: text => line('note', text),
    detail: text => {
      if (verbose) line('', text);
    },
    tick: () => {
      for (const step of shownAt.keys()) {
        if (quietFor(step) >= SILENCE) show(step, 'still', `  ${elapsed(step, clock)}  ${step.now}`);
      }
    },
    end: () => undefined,
  };
}
