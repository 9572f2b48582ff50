import { z } from 'zod';
import { text } from '../values.ts';

export const cluster = z
  .strictObject({
    kind: z.enum(['k3s']),
    version: text(/^v[0-9]+\.[0-9]+\.[0-9]+\+[a-z0-9-]+$/, 'a version like v1.36.3+k3s1').describe(
      'One of those in artifacts/lock.yaml. A version that ends in +k3s-lab is built here, for labs only.',
    ),
  })
  .describe('Kubernetes.');

export type ClusterWant = z.infer<typeof cluster>;
