import type { AnyStep, Ctx } from './types.ts';

/**
 * Something that lets somebody in, and how it is changed: both values are let in, the new one becomes the site's, the
 * site is told, and the old one is let in no more.
 */
export interface Credential {
  /** As a person types it: 'database'. */
  id: string;
  title: string;
  /** Names in the SecretStore whose values change. */
  secrets: readonly string[];
  /** Makes the new values of those that have a value; of all of them at once, since some belong together. */
  make(ctx: Pick<Ctx, 'secrets' | 'clock'>): Promise<void>;
  /** The new value is let in too. */
  before: readonly AnyStep[];
  /** Steps of a bootstrap that carry the new value to where it is used. */
  follows: readonly string[];
  /** The old value is let in no more. */
  after: readonly AnyStep[];
  /** What may end only when a backup was taken with the new value. */
  last?: readonly AnyStep[];
}
