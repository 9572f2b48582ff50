import { z } from 'zod';
import { s3 } from './backup.ts';

const place = s3.pick({
  ...{ kind: true, endpoint: true, region: true, bucket: true, ca: true },
  ...{ accessKey: true, secretKey: true, admin: true, kmsKey: true },
});

const store = place.extend({
  accessKey: place.shape.accessKey.describe(
    'Of whoever runs muster: it reads and writes objects, and no machine gets it.',
  ),
  admin: place.shape.admin.describe(
    "Of the owner of the bucket: makes and hardens it. aws: whom AWS's own chain names (profile, SSO). Absent: the keys above.",
  ),
});

export const state = z
  .strictObject({ store })
  .describe(
    'What computers that run the site share, where there is no backup, in whose store it lies: the lease, by which one of them runs at a time.',
  );

export type StateWant = z.infer<typeof state>;
