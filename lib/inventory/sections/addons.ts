import { z } from 'zod';

export const addons = z
  .strictObject({
    coredns: z.boolean().describe('Names inside the cluster.'),
    'local-path': z.boolean().describe('Volumes on the disk of the node.'),
    'metrics-server': z.boolean().describe('kubectl top, and what scales by load.'),
  })
  .describe('What runs on every cluster. An add-on that the distribution brings already is seen and left alone.');

export type AddonsWant = z.infer<typeof addons>;
