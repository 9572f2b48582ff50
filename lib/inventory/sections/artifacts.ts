import { z } from 'zod';
import { digest, path } from '../values.ts';

const mirror = z
  .url({ protocol: /^https?$/, error: 'an http or https URL' })
  .refine(url => new URL(url).username === '' && new URL(url).password === '', {
    error: 'a URL without a user name and password: an inventory holds no secrets',
  });

export const artifacts = z
  .strictObject({
    sources: z
      .array(z.enum(['release', 'mirror', 'bundle', 'module']))
      .min(1)
      .readonly()
      .describe(
        'Tried in this order. release: upstream; mirror: the same paths under your URL; bundle: a directory from ' +
          '`make bundle`; module: built on this computer from package registries, labs only.',
      ),
    mirror: mirror.optional().describe('For the source mirror: where the same paths as upstream are served.'),
    bundle: path.optional().describe('For the source bundle: its directory, seen from this file. ~/ is your home.'),
    bundleDigest: digest
      .optional()
      .describe(
        'Of the manifest of that very bundle, as `make bundle` prints it: no other is used. Outside a lab only a bundle ' +
          'that is named so may bring what has no release and was built.',
      ),
  })
  .describe('Where binaries and images come from. Whatever the source, a digest in artifacts/lock.yaml decides.');

export type Artifacts = z.infer<typeof artifacts>;
