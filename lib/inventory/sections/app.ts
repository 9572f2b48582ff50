import { z } from 'zod';

export const app = z
  .strictObject({
    users: z.int().min(0).max(10_000_000).describe('Rows of the seed: the same ones every time.'),
    avatars: z.int().min(0).max(1_000_000).describe('Files of the seed, one a user.'),
  })
  .describe('The application with data that a backup can lose. Absent: none.');

export type AppWant = z.infer<typeof app>;
