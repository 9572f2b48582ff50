import type { InstanceRecord } from '../ec2/instance-record.ts';
import type { Ec2State } from '../ec2/state.ts';

/** What makes instances real. Without one they are words in a table. */
export interface Runner {
  /** The public address of that number: one of this computer's loopback. */
  address(number: number): string;
  /** From nothing, or again from its disk. Its user data is applied at the first boot only. */
  start(record: InstanceRecord, state: Ec2State): Promise<void>;
  stop(record: InstanceRecord): Promise<void>;
  reboot(record: InstanceRecord, state: Ec2State): Promise<void>;
  remove(record: InstanceRecord): Promise<void>;
  /** Public addresses lead elsewhere now. */
  readdress(state: Ec2State): void;
  console(record: InstanceRecord): Promise<string>;
  /** Everything that it started is gone. */
  close(): Promise<void>;
}
