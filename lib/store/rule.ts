import type { Wire } from './connection.ts';

/** A setting of a bucket that can be written, and read back as one line of text. */
export interface Rule {
  name: string;
  want: string;
  /** More than what is wanted is fine too. */
  holds?(got: string): boolean;
  read(wire: Wire, bucket: string): Promise<string>;
  write(wire: Wire, bucket: string): Promise<unknown>;
}

/** What a setting is that nobody has made. */
export const NOTHING = 'nothing';
