import { DefaultRenderer, Listr, ListrLogger, ListrTaskState, ProcessOutput } from 'listr2';
import type { Clock } from '../../time/index.ts';
import { elapsed, type Renderer, type Running } from './track.ts';

type Item = Listr<unknown, 'default', 'default'>['tasks'][number];

/** Finished steps that stay in sight; what scrolls is drawn over and over. */
const KEPT = 12;

/**
 * A living list on a terminal. Only listr2's drawing is used: its tasks never run, so it decides nothing, swallows no
 * failure and listens to no signal.
 */
export function listRenderer(stderr: NodeJS.WriteStream, clock: Clock): Renderer {
  const logger = new ListrLogger({ processOutput: new ProcessOutput(stderr, stderr), useIcons: true });
  const list = new Listr<unknown, 'default', 'default'>([], {
    fallbackRenderer: 'default',
    registerSignalListeners: false,
  });
  const drawing = new DefaultRenderer(
    list.tasks,
    { logger, formatOutput: 'truncate', collapseErrors: true },
    list.events,
  );
  const items = new Map<Running, Item>();
  let state: 'idle' | 'loading' | 'drawn' | 'ended' = 'idle';

  // Drawing takes stderr for itself, so it begins with the first step: questions come before, and short verbs never draw.
  const draw = () => {
    if (state !== 'idle') return;
    state = 'loading';
    void drawing.render().then(() => {
      if (state === 'ended') drawing.end();
      else state = 'drawn';
    });
  };

  const add = (title: string): Item | undefined => {
    draw();
    list.add({ title, task: () => undefined });
    const item = list.tasks.at(-1);
    // Marks it as one to draw; what is not drawn must not wait for a promise.
    void item?.check(undefined);
    thin(list.tasks);
    return item;
  };
  const close = (item: Item | undefined, to: ListrTaskState, title: string) => {
    if (!item) return;
    item.title$ = title;
    if (to === ListrTaskState.FAILED) item.message$ = { error: title };
    item.state$ = to;
  };
  return {
    started: step => {
      const item = add(step.label);
      if (!item) return;
      items.set(step, item);
      item.state$ = ListrTaskState.STARTED;
      if (step.now) item.output$ = step.now;
    },
    moved: step => {
      const item = items.get(step);
      if (item) item.output$ = step.now;
    },
    finished: step => {
      close(items.get(step), ListrTaskState.COMPLETED, `${step.label}  ${elapsed(step, clock)}`);
      items.delete(step);
    },
    failed: (label, message, step) => {
      close((step && items.get(step)) ?? add(label), ListrTaskState.FAILED, `${label}: ${message}`);
      if (step) items.delete(step);
    },
    notice: text => close(add(text), ListrTaskState.COMPLETED, text),
    detail: () => undefined,
    tick: () => {
      for (const [step, item] of items) item.title$ = `${step.label}  ${elapsed(step, clock)}`;
    },
    end: () => {
      if (state === 'drawn') drawing.end();
      state = 'ended';
    },
  };
}

/** The oldest finished ones leave the list. */
function thin(tasks: Item[]): void {
  const finished = tasks.filter(task => task.isCompleted());
  for (const old of finished.slice(0, Math.max(0, finished.length - KEPT))) tasks.splice(tasks.indexOf(old), 1);
}
