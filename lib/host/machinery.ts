import type { Ctx } from '../engine/index.ts';
import type { HostWant } from '../inventory/index.ts';
import type { Power } from './decide.ts';
import type { Identity } from './identity.ts';

/** How machines of this computer are made and run: what tells one such provider from another. The steps are the same. */
export interface Machinery {
  /** What machines start from; in the cache, which is only a cache. */
  image: {
    title: string;
    /** Reads only. */
    find(ctx: Ctx): Promise<{ key: string } | undefined>;
    make(ctx: Ctx): Promise<unknown>;
  };
  /** Chooses and writes what makes the machine this one. Errors: STATE_PATH_LONG, PORT_TAKEN. */
  createIdentity(host: HostWant, ctx: Ctx): Promise<void>;
  diskWhole(name: string, ctx: Ctx): Promise<boolean>;
  /** Anew: what a killed run left has never run. Errors: TOO_LITTLE_DISK, MACHINE_DAMAGED. */
  createDisk(host: HostWant, ctx: Ctx): Promise<void>;
  /** What is there of a machine beside its power, on or off. */
  left(name: string, ctx: Ctx): Promise<boolean>;
  remove(name: string, ctx: Ctx): Promise<void>;
  /** Errors: MACHINE_NOT_OURS. */
  power(name: string, ctx: Ctx): Promise<Power>;
  /** Errors: PORT_TAKEN, TOO_LITTLE_MEMORY, MACHINE_DAMAGED. */
  start(host: HostWant, identity: Identity, ctx: Ctx): Promise<void>;
  /** A clean stop. */
  off(name: string, ctx: Ctx): Promise<void>;
  /** As a loss of power. */
  kill(name: string, ctx: Ctx): Promise<void>;
  /** undefined: this run did not start it, it has answered since, or its kind does not hang. */
  again?(name: string): Again | undefined;
  /** Whether the process of a machine that was seen on still runs. */
  runs(pid: number): Promise<boolean>;
  /** Path of what it wrote to its console. */
  console(name: string, ctx: Ctx): string;
}

/** For a machine that may hang at its start. */
export interface Again {
  /** What its disks have read and written since its start, in operations. One that hangs does nothing. */
  done(ctx: Ctx): Promise<number>;
  /** Kills it, and starts it anew. */
  start(ctx: Ctx): Promise<void>;
  /** It does not boot any more. */
  answered(): void;
}
