/** uvu with its silent greens closed: what is registered, run and skipped is recorded. child.ts puts it in uvu's place. */
import { inspect } from 'node:util';
import { test as bare, type Callback, suite as makeSuite, type Test } from 'uvu';
import { recorderOf } from './recorder.ts';
import { Skip } from './skip.ts';

type Context = Record<string, unknown>;
type Hook<T> = Test<T>['before'];
type Queue = ((() => Promise<[unknown, number, number, number]>) | string | null)[][];

const recorder = recorderOf(globalThis);
const queue = (): Queue => Reflect.get(globalThis, 'UVU_QUEUE');

function record<T>(real: Test<T>, name: string): Test<T> {
  const wrapped = (title: string, handler: Callback<T>): void => {
    recorder.registered++;
    real(title, skippable(handler, title));
  };
  return Object.assign(wrapped, {
    only: (title: string, handler: Callback<T>) => {
      recorder.registered++;
      recorder.problems.push(`"${title}" is .only: the other tests of its suite do not run`);
      real.only(title, skippable(handler, title));
    },
    skip: (title = 'a test') => {
      recorder.registered++;
      recorder.problems.push(`"${title}" is .skip, which has no reason: call skip('reason') inside the test`);
    },
    before: hooks(real.before, 'before', name),
    after: hooks(real.after, 'after', name),
    run: () => {
      real.run();
      const group = queue()[0] ?? [];
      group.push(counted(group.pop(), name));
    },
  });
}

/** A skip inside a test is counted as one; uvu takes it for passed, which the recorder corrects. */
const skippable =
  <T>(handler: Callback<T>, title: string): Callback<T> =>
  async context => {
    try {
      await handler(context);
    } catch (error) {
      if (!(error instanceof Skip)) {
        fail(`"${title}"`, error);
        throw reportable(error);
      }
      recorder.inTests++;
      recorder.skipped.push({ test: title, reason: error.message });
    }
  };

/** With its details: uvu's are the difference, an OpsError's what was seen. */
const said = (error: unknown): string => {
  if (!(error instanceof Error)) return inspect(error);
  return 'details' in error && error.details ? `${error.message} ${error.details}` : error.message;
};

const fail = (where: string, error: unknown) => recorder.failures.push(`${where}: ${said(error)}`);

/** uvu's report breaks on what is no Error, or has `details` that are no text as an OpsError's: the suite ends there, green. */
const reportable = (error: unknown): unknown =>
  error instanceof Error && !('details' in error && Array.isArray(error.details))
    ? error
    : new Error(inspect(error), { cause: error });

const hooks = <T>(real: Hook<T>, which: string, name: string): Hook<T> =>
  Object.assign((hook: Callback<T>) => real(loud(hook, which, name)), {
    each: (hook: Callback<T>) => real.each(loud(hook, `${which}.each`, name)),
  });

/** uvu swallows what a hook throws, without a word. */
const loud =
  <T>(hook: Callback<T>, which: string, name: string): Callback<T> =>
  async context => {
    try {
      await hook(context);
    } catch (error) {
      if (which === 'before' && error instanceof Skip) {
        recorder.skipped.push({ test: suiteSkip(name), reason: error.message });
      } else {
        console.error(`\n${which} of "${name}" failed:`, error);
        fail(`${which} of "${name}"`, error);
      }
      throw error;
    }
  };

const suiteSkip = (name: string) => `suite ${name}`;

/** Reads uvu's numbers of a run. A suite skipped in `before` counts once for each of its tests. */
function counted(run: Queue[number][number] | undefined, name: string) {
  if (typeof run !== 'function') throw new Error('cannot read the queue of uvu: it is another version than ours');
  return async () => {
    const result = await run();
    const [, passed, , max] = result;
    recorder.runs.push({ passed, max });
    const at = recorder.skipped.findIndex(({ test }) => test === suiteSkip(name));
    if (at >= 0) {
      const [skip] = recorder.skipped.splice(at, 1);
      if (skip)
        recorder.skipped.push(...Array.from({ length: max }, (_, n) => ({ ...skip, test: `${name} ${n + 1}` })));
      recorder.inBefore += max;
    }
    return result;
  };
}

export const suite = <T = Context>(name = '', context?: T): Test<T> => record(makeSuite(name, context), name);
export const test = record(bare, 'test');
export { exec } from 'uvu';
