import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../../lib/drill/report.ts';
import { readJournal } from '../../lib/engine/journal.ts';
import type { Checkout } from './checkout.ts';

/** In the environment of ./muster of such a checkout; muster itself has no switch for it. */
const LEFT_OUT = 'MUSTER_TEST_LEFT_OUT';
/** What a left-out step should have brought never comes: a wait for it is not to take its minutes. */
const PATIENCE = 60_000;

/** Errors: when the text is not there once: a test that changes nothing would prove nothing. */
export async function replaceIn(file: string, text: string, by: string): Promise<void> {
  const whole = await readFile(file, 'utf8');
  if (whole.split(text).length !== 2) throw new Error(`${file} has not once: ${text}`);
  await writeFile(
    file,
    whole.replace(text, () => by),
  );
}

/** From now on a step that is named there says that it is done, and does nothing; waits are short, with and without. */
export async function canLeaveOut({ dir }: Checkout): Promise<void> {
  const file = (name: string) => join(dir, 'lib/engine', name);
  const leftOut = `all = all.map(step => step.id !== process.env.${LEFT_OUT} || step.want === undefined ? step :
    { ...step, decide: () => ({ is: 'done', reason: 'left out' }) });`;
  const first = 'const byId = indexById(all);';
  await replaceIn(file('order.ts'), first, `${leftOut}\n  ${first}`);
  const deadline = 'deadline: spec.deadline * env.pace';
  await replaceIn(file('context.ts'), deadline, `deadline: Math.min(${PATIENCE}, spec.deadline * env.pace)`);
}

export async function leavingOut<T>(id: string, act: () => Promise<T>): Promise<T> {
  process.env[LEFT_OUT] = id;
  try {
    return await act();
  } finally {
    delete process.env[LEFT_OUT];
  }
}

/** Those that had something to do between the loss (t1) and the data's return (t6), in their order. */
export async function changedSteps(folder: string): Promise<string[]> {
  const { clocks } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
  const at = (mark: string) => clocks.marks.find(each => each.mark === mark)?.at ?? '';
  const { entries } = await readJournal(join(folder, 'journal.jsonl'));
  const ids = entries.flatMap(entry =>
    entry.t === 'begin' && entry.at >= at('t1') && entry.at <= at('t6') ? [entry.step] : [],
  );
  return [...new Set(ids)];
}
