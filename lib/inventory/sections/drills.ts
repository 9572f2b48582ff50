import { z } from 'zod';
import { span } from '../values.ts';

export const drills = z
  .strictObject({
    heartbeat: span
      .prefault('30s')
      .describe('Between two canaries of the application: rows, files and objects that are written to be found again.'),
    proof: span.describe('After it, the proof of a scenario has expired and status is red: 30d.'),
  })
  .describe('How restores are proven.');

export type DrillsWant = z.infer<typeof drills>;
