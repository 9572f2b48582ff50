import { type AnyStep, type EngineEvent, shown } from '../../engine/index.ts';
import { asOpsError } from '../../errors/index.ts';
import { escapeControls } from '../../shell/failures.ts';
import { type Clock, type Duration, formatDuration } from '../../time/index.ts';

/** A step that does something now, in words. */
export interface Running {
  label: string;
  /** On the monotonic clock. */
  since: number;
  /** What it took last time on this computer. */
  expected?: Duration;
  /** What it waits for or does. */
  now: string;
}

/** Shows what it is told; decides nothing. */
export interface Renderer {
  started(step: Running): void;
  /** `now` is another. */
  moved(step: Running): void;
  finished(step: Running, reason: string): void;
  failed(label: string, message: string, step?: Running): void;
  notice(text: string): void;
  /** For people who want to see every decision. */
  detail(text: string): void;
  /** Once a second. */
  tick(): void;
  /** Nothing comes after this. Twice is as once; called from an exit handler too, so it does not wait. */
  end(): void;
}

export interface Tracking {
  clock: Clock;
  /** What a step took last time, by `timingKey`. */
  expected(key: string): Duration | undefined;
  mask(text: string): string;
}

/** Names the host, unless the title does. */
export const stepLabel = ({ title, target: { kind, name } }: AnyStep): string =>
  escapeControls(kind === 'host' && !title.split(/[ ,:]/).includes(name) ? `${name}: ${title}` : title);

/** Times are of a step on any host: machines of one site are alike. */
export const timingKey = ({ id }: AnyStep): string => id;

/** Turns engine events into what a renderer shows: a step appears with its first effect, wait or progress. */
export function track(renderer: Renderer, { clock, expected, mask }: Tracking): (event: EngineEvent) => void {
  const running = new Map<AnyStep, Running>();
  const text = (raw: string) => escapeControls(mask(raw));
  const enter = (step: AnyStep, now: string): Running => {
    const known = running.get(step);
    if (known) {
      if (now && known.now !== now) renderer.moved(Object.assign(known, { now }));
      return known;
    }
    const usual = expected(timingKey(step));
    const made = {
      label: stepLabel(step),
      since: clock.monotonic(),
      now,
      ...(usual !== undefined && { expected: usual }),
    };
    running.set(step, made);
    renderer.started(made);
    return made;
  };
  const leave = (step: AnyStep) => {
    const known = running.get(step);
    running.delete(step);
    return known;
  };
  return event => {
    switch (event.type) {
      case 'begin': {
        const { action, what, to } = shown(event.change);
        return void enter(event.step, text(`${action} ${what}${to === undefined ? '' : ` = ${to}`}`));
      }
      case 'waiting':
        return void enter(
          event.step,
          text(`waiting for ${event.what}; saw ${event.saw} (${formatDuration(event.ms)})`),
        );
      case 'progress':
        return void enter(event.step, text(event.text));
      case 'done': {
        const known = leave(event.step);
        if (known && event.changed > 0) return renderer.finished(known, text(event.reason));
        if (known) return renderer.finished(known, text(`nothing to do: ${event.reason}`));
        return renderer.detail(`${stepLabel(event.step)}: ${text(event.reason)}`);
      }
      case 'failed':
        return renderer.failed(stepLabel(event.step), text(asOpsError(event.error).message), leave(event.step));
      case 'notice':
        return renderer.notice(text(event.text));
      case 'decided':
        return renderer.detail(`${stepLabel(event.step)}: ${text(decisionText(event.decision))}`);
      default:
        return undefined;
    }
  };
}

function decisionText(decision: Extract<EngineEvent, { type: 'decided' }>['decision']): string {
  if (decision.is !== 'changes') return `${decision.is}: ${decision.reason}`;
  return decision.changes.map(({ action, what }) => `wants to ${action} ${what}`).join(', ');
}

/** '12.3 s of about 26 s' */
export function elapsed({ since, expected }: Running, clock: Clock): string {
  const spent = formatDuration(clock.monotonic() - since);
  return expected === undefined ? spent : `${spent} of about ${formatDuration(expected)}`;
}
