import type { Reservation, RunInstancesRequest } from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { type InstanceRecord, shownInstance } from './instance-record.ts';
import { checkLaunch, type Launch } from './launch.ts';
import { makeInterface } from './network-interfaces.ts';
import { nextPublicAddress } from './public-addresses.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { makeVolume } from './volumes.ts';

export const runInstancesRules: Rules = {
  RunInstances(input: RunInstancesRequest, call): Reservation {
    const state = ec2Of(call);
    const token = input.ClientToken;
    // "Ensuring idempotency in Amazon EC2 API requests": up to 64 ASCII characters, case-sensitive; kept after termination too.
    if (token !== undefined && !/^[\x21-\x7e]{1,64}$/.test(token))
      throw new AwsError('InvalidParameterValue', `Value (${token}) for parameter clientToken is invalid.`);
    const key = `RunInstances ${token}`;
    const asked = JSON.stringify(call.raw);
    const before = token === undefined ? undefined : state.tokens.get(key);
    if (before && before.asked !== asked)
      throw new AwsError(
        'IdempotentParameterMismatch',
        'The client token you have provided is associated with a resource that was created with different parameters',
      );
    // Error codes: IdempotentInstanceTerminated, "the same client token as a previous request for which the instance has been terminated".
    if (before?.ids.every(id => state.instances.own(id).state === 'terminated'))
      throw new AwsError(
        'IdempotentInstanceTerminated',
        `The instance ${before.ids} of this client token is terminated`,
      );
    // All is looked at even when the token is known: only then has the stand-in looked at every parameter.
    const launch = checkLaunch(input, state, before !== undefined);
    const records = before ? before.ids.map(id => state.instances.own(id)) : start(launch, state);
    if (token !== undefined && !before) state.tokens.set(key, { asked, ids: records.map(({ id }) => id) });
    return reservation(records, state);
  },
};

export function reservation(records: InstanceRecord[], state: Ec2State): Reservation {
  const Instances = records.map(record => shownInstance(record, state));
  return { ReservationId: records[0]?.reservationId, OwnerId: state.account, Groups: [], Instances };
}

function start(launch: Launch, state: Ec2State): InstanceRecord[] {
  const reservationId = newId('r');
  return Array.from({ length: launch.count }, (_, index) => {
    const record = makeInstance(launch, reservationId, index, state);
    boot(record, state);
    return record;
  });
}

export function makeInstance(launch: Launch, reservationId: string, index: number, state: Ec2State): InstanceRecord {
  const { subnet, groups, privateIp, input } = launch;
  const id = newId('i');
  const eni = makeInterface(
    { subnet, groups, privateIp, instanceId: id, deleteOnTermination: launch.interfaceGoes },
    state,
  );
  const volumes = launch.volumes.map(({ device, deleteOnTermination, ...want }) => {
    const volume = makeVolume({ ...want, zone: subnet.AvailabilityZone ?? '' }, state);
    volume.State = 'in-use';
    volume.Attachments = [
      {
        InstanceId: id,
        VolumeId: volume.VolumeId,
        Device: device,
        State: 'attached',
        DeleteOnTermination: deleteOnTermination,
      },
    ];
    return { device, id: volume.VolumeId ?? '', deleteOnTermination };
  });
  const record: InstanceRecord = {
    ...{ id, reservationId, state: 'pending', launched: new Date(state.world.now()), volumes, index },
    ...{ interfaceId: eni.NetworkInterfaceId ?? '', subnetId: subnet.SubnetId ?? '', vpcId: subnet.VpcId ?? '' },
    ...{ zone: subnet.AvailabilityZone ?? '', terminationProtected: input.DisableApiTermination ?? false },
    ...(launch.publicIp && { publicIp: nextPublicAddress(state) }),
    ...(input.UserData !== undefined && { userData: input.UserData }),
    ...(input.ClientToken !== undefined && { clientToken: input.ClientToken }),
    ...(launch.profile !== undefined && { profile: launch.profile }),
    asked: launch.kept,
  };
  state.instances.add(id, record);
  launch.tag(id, state, 'instance');
  launch.tag(eni.NetworkInterfaceId ?? '', state, 'network-interface');
  for (const { id: volume } of volumes) launch.tag(volume, state, 'volume');
  return record;
}

/** From pending to running, or to terminated with the reason, when the runner could not. */
export function boot(record: InstanceRecord, state: Ec2State): void {
  const { world } = state;
  const running = () => {
    if (record.state === 'pending') record.state = 'running';
  };
  if (!world.runner) return void world.later(world.settleMs, running);
  void world.runner.start(record, state).then(running, error => {
    world.complaints.push(`${record.id} did not start: ${error?.message ?? error}`);
    record.state = 'terminated';
    record.reason = { Code: 'Server.InternalError', Message: `Server.InternalError: ${error?.message ?? error}` };
  });
}
