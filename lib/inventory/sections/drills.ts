import { z } from 'zod';
import { span } from '../values.ts';

export const drills = z
  .strictObject({
    heartbeat: span.describe('Between two canaries: rows, files and objects that are written to be found again. 10s.'),
    proof: span.describe('After it, the proof of a scenario has expired and status is red: 30d.'),
  })
  .describe('How restores are proven.');

export type DrillsWant = z.infer<typeof drills>;
