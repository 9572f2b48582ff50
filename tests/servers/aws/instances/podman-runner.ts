import type { InstanceRecord } from '../ec2/instance-record.ts';
import type { Ec2State } from '../ec2/state.ts';
import { type Box, type Boxes, startBoxes } from './boxes.ts';
import { createGate, type Gate } from './gate.ts';
import type { Runner } from './runner.ts';
import { checkUserData } from './user-data.ts';

let started = 0;

export interface PodmanRunner extends Runner {
  gate: Gate;
  boxes: Boxes;
  /** Past muster, as with a screwdriver: runs inside. */
  inside(instanceId: string, ...argv: string[]): Promise<string>;
}

/** Instances as containers of this computer, on the network of their VPC. */
export async function startRunner(): Promise<PodmanRunner> {
  started += 1;
  const boxes = await startBoxes(`${started}`);
  const gate = createGate(boxes.router);
  const net = `127.${64 + (process.pid % 128)}.${started}`;

  async function power(record: InstanceRecord, state: Ec2State): Promise<void> {
    await boxes.power(boxOf(record, state), state);
    await gate.readdress(state);
  }

  async function start(record: InstanceRecord, state: Ec2State): Promise<void> {
    const userData = checkUserData(record.userData);
    const key = state.keyPairs.all().find(({ KeyName }) => KeyName === record.asked.KeyName);
    await boxes.prepare(boxOf(record, state), { userData, publicKey: key?.PublicKey });
    await power(record, state);
  }

  return {
    gate,
    boxes,
    address: number => `${net}.${number}`,
    start: (record, state) => boxes.under(start(record, state)),
    stop: record => boxes.under(boxes.off(record.id, 20)),
    async reboot(record, state) {
      await boxes.under(boxes.off(record.id, 20));
      await boxes.under(power(record, state));
    },
    remove: record => boxes.under(boxes.remove(record.id)),
    readdress(state) {
      void gate.readdress(state);
    },
    console: record => boxes.console(record.id),
    inside: boxes.inside,
    async close() {
      await gate.close();
      await boxes.close();
    },
  };
}

function boxOf({ id, vpcId, interfaceId }: InstanceRecord, state: Ec2State): Box {
  const { PrivateIpAddress = '', PrivateDnsName = '' } = state.networkInterfaces.own(interfaceId);
  return { id, vpcId, address: PrivateIpAddress, hostname: PrivateDnsName.split('.')[0] ?? '' };
}
