import type { Readable, Writable } from 'node:stream';

/** How a command ended; `lost`: the way to it broke, and how it ended is not known. */
export type Ending = { code: number | null; signal: string | null } | { lost: string };

/** A started command. Its streams never raise an error that is not listened to. */
export interface Child {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** It went through sudo. */
  sudo: boolean;
  /** After the last byte of both streams. */
  ended: Promise<Ending>;
  /** Known from the start where the process is our own child; also its process group. */
  pid?: number | undefined;
  /** The exit status when it came before the streams ended: something in the background holds them. */
  exited(): number | string | undefined;
  /** Lets go of the streams. */
  release(): void;
}

export interface Start {
  /** sh text. */
  text: string;
  /** As root; a user that is root already goes without sudo. */
  sudo: boolean;
  signal?: AbortSignal | undefined;
  /** Waits for no slot: it ends another command. */
  urgent?: boolean;
}

/** The way to one host. Errors of `start` mean that nothing ran: SHELL_UNREACHABLE, HOST_KEY_CHANGED, SHELL_UNUSABLE ... */
export interface Transport {
  start(start: Start): Promise<Child>;
  /** First line of every sh text. */
  before: string;
  close(): Promise<void>;
}
