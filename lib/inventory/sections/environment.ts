import { z } from 'zod';

export const environment = z
  .enum(['lab', 'dev', 'test', 'staging', 'production'])
  .describe('What depends on this site. Only a lab takes what was built here from modules.');

export type Environment = z.infer<typeof environment>;
