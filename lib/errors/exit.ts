/** How a muster process ends: what a schedule or a script reads. make turns every failure into 2. */
export const EXIT = { done: 0, failed: 1, unknown: 2, usage: 3, refused: 4, interrupted: 130 } as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

export interface CodeEntry {
  exit: ExitStatus;
  /** One sentence: what this error says about the world. */
  meaning: string;
  /** What to do next, when the place that raised the error knows nothing better. */
  hint: string;
}

/** A line of the table. */
export const entry = (exit: keyof typeof EXIT, meaning: string, hint: string): CodeEntry => ({
  exit: EXIT[exit],
  meaning,
  hint,
});
