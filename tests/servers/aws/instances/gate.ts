import { createServer, type Server, type Socket } from 'node:net';
import { contains, readCidr } from '../ec2/cidr.ts';
import { type InstanceRecord, publicAddress } from '../ec2/instance-record.ts';
import type { Ec2State } from '../ec2/state.ts';
import type { Router } from './router.ts';

/** Of the public addresses: what else an instance opens cannot be reached from outside. */
const PORTS = [22, 80, 443, 6443, 30443];

export interface Gate {
  /** Listens on the public addresses that lead to running instances, and on no others. */
  readdress(state: Ec2State): Promise<void>;
  /** Connections that were let in to nobody, and why. */
  refused: string[];
  close(): Promise<void>;
}

/** Between the world and the VPCs: a connection to a public address, if routes and security groups let it in. */
export function createGate(routerOf: (vpc: string) => Router | undefined): Gate {
  const open = new Map<string, Server>();
  const refused: string[] = [];
  const states = new Set<Ec2State>();
  let turn = Promise.resolve();

  function enter(address: string, port: number, socket: Socket): void {
    const state = [...states].find(each => holder(address, each));
    const record = state && holder(address, state);
    const why = record ? closedTo(record, port, socket.remoteAddress ?? '', state) : 'no instance has it';
    const router = record && routerOf(record.vpcId);
    if (!state || !record || !router || why !== undefined) {
      refused.push(`${address}:${port} from ${socket.remoteAddress}: ${why ?? 'its VPC has no router'}`);
      return void socket.destroy();
    }
    const to = state.networkInterfaces.own(record.interfaceId).PrivateIpAddress ?? '';
    router.connect({ address: to, port }, socket);
  }

  async function adjust(): Promise<void> {
    const addresses = [...states].flatMap(state =>
      state.instances
        .all()
        .filter(each => each.state === 'running' || each.state === 'pending')
        .flatMap(each => publicAddress(each, state) ?? []),
    );
    const wanted = new Set(addresses.flatMap(address => PORTS.map(port => `${address}:${port}`)));
    for (const [place, server] of open)
      if (!wanted.has(place)) {
        open.delete(place);
        // It listens no more at once; who is connected still, as a page that is kept open, holds up no other port.
        server.close();
      }
    for (const place of wanted) {
      if (open.has(place)) continue;
      const [address = '', port = ''] = place.split(':');
      const server = createServer({ pauseOnConnect: true }, socket => enter(address, Number(port), socket));
      open.set(place, server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(Number(port), address, resolve);
      });
    }
  }

  return {
    refused,
    readdress(state) {
      states.add(state);
      turn = turn.then(adjust);
      return turn;
    },
    async close() {
      await turn.catch(() => undefined);
      for (const server of open.values()) server.close();
    },
  };
}

const holder = (address: string, state: Ec2State): InstanceRecord | undefined =>
  state.instances.all().find(each => publicAddress(each, state) === address);

/** undefined: it is open. A public subnet is one whose route table leads to an internet gateway. */
function closedTo(record: InstanceRecord, port: number, from: string, state: Ec2State): string | undefined {
  if (record.state !== 'running') return `${record.id} is ${record.state}`;
  const tables = state.routeTables.all().filter(({ VpcId }) => VpcId === record.vpcId);
  const own = tables.find(each => each.Associations?.some(({ SubnetId }) => SubnetId === record.subnetId));
  const table = own ?? tables.find(each => each.Associations?.some(({ Main }) => Main));
  const out = table?.Routes?.find(each => each.DestinationCidrBlock === '0.0.0.0/0' && each.State === 'active');
  if (!out?.GatewayId?.startsWith('igw-')) return `its subnet ${record.subnetId} has no route to an internet gateway`;
  const groups = state.networkInterfaces.own(record.interfaceId).Groups?.map(({ GroupId }) => GroupId);
  const lets = state.securityGroupRules.all().some(rule => {
    if (rule.IsEgress || !groups?.includes(rule.GroupId) || rule.CidrIpv4 === undefined) return false;
    const fits = rule.IpProtocol === '-1' || ((rule.FromPort ?? 0) <= port && port <= (rule.ToPort ?? 0));
    return fits && rule.IpProtocol !== 'udp' && contains(readCidr(rule.CidrIpv4), readCidr(`${from}/32`));
  });
  return lets ? undefined : `no rule of its security groups lets ${from} in`;
}
