import type {
  GetConsoleOutputRequest,
  GetConsoleOutputResult,
  InstanceStateChange,
  RebootInstancesRequest,
  StartInstancesRequest,
  StartInstancesResult,
  StopInstancesRequest,
  StopInstancesResult,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { disassociate } from './addresses.ts';
import { checkCapacity } from './capacity.ts';
import { type InstanceRecord, stateOf } from './instance-record.ts';
import { removeInterface } from './network-interfaces.ts';
import { nextPublicAddress } from './public-addresses.ts';
import { boot } from './run-instances.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { dropTags } from './tags.ts';

export const instancePowerRules: Rules = {
  StartInstances({ InstanceIds = [] }: StartInstancesRequest, call): StartInstancesResult {
    const state = ec2Of(call);
    const StartingInstances = each(InstanceIds, ['stopped', 'running', 'pending'], 'started', state, record => {
      if (record.state !== 'stopped') return;
      checkCapacity(record.asked.InstanceType ?? '', record.zone, 1, state);
      record.state = 'pending';
      // "It receives a new public IPv4 address when it starts" ("Stop and start": the old one was released).
      if (state.subnets.get(record.subnetId)?.MapPublicIpOnLaunch || record.publicIp !== undefined)
        record.publicIp = nextPublicAddress(state);
      boot(record, state);
    });
    return { StartingInstances };
  },

  StopInstances({ InstanceIds = [], Force }: StopInstancesRequest, call): StopInstancesResult {
    const state = ec2Of(call);
    void Force;
    const StoppingInstances = each(InstanceIds, ['running', 'stopping', 'stopped'], 'stopped', state, record => {
      if (record.state !== 'running') return;
      record.state = 'stopping';
      after(
        record,
        state,
        runner => runner.stop(record),
        () => {
          record.state = 'stopped';
          record.reason = {
            Code: 'Client.UserInitiatedShutdown',
            Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
          };
        },
      );
    });
    return { StoppingInstances };
  },

  RebootInstances({ InstanceIds = [] }: RebootInstancesRequest, call): object {
    const state = ec2Of(call);
    each(InstanceIds, ['running'], 'rebooted', state, record => {
      void state.world.runner?.reboot(record, state);
    });
    return {};
  },

  TerminateInstances(
    { InstanceIds = [], Force, SkipOsShutdown }: TerminateInstancesRequest,
    call,
  ): TerminateInstancesResult {
    const state = ec2Of(call);
    void [Force, SkipOsShutdown];
    // "To terminate it, modify its disableApiTermination attribute": OperationNotPermitted.
    for (const id of InstanceIds)
      if (state.instances.need(id).terminationProtected)
        throw new AwsError(
          'OperationNotPermitted',
          `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
        );
    // "If you terminate an instance more than once, each call succeeds."
    const TerminatingInstances = each(InstanceIds, Object.keys(steady), 'terminated', state, record => {
      if (record.state === 'terminated' || record.state === 'shutting-down') return;
      record.state = 'shutting-down';
      after(
        record,
        state,
        runner => runner.remove(record),
        () => release(record, state),
      );
    });
    return { TerminatingInstances };
  },

  async GetConsoleOutput({ InstanceId, Latest }: GetConsoleOutputRequest, call): Promise<GetConsoleOutputResult> {
    const state = ec2Of(call);
    void Latest;
    const record = state.instances.need(InstanceId);
    const text = (await state.world.runner?.console(record)) ?? '';
    return { InstanceId, Output: Buffer.from(text).toString('base64'), Timestamp: new Date(state.world.now()) };
  },
};

const steady = { pending: 1, running: 1, stopping: 1, stopped: 1, 'shutting-down': 1, terminated: 1 };

/** All are looked at before one is touched: "if you specify an instance that is not valid, none is". */
function each(
  ids: string[],
  from: string[],
  verb: string,
  state: Ec2State,
  act: (record: InstanceRecord) => void,
): InstanceStateChange[] {
  const records = ids.map(id => state.instances.need(id));
  const wrong = records.find(record => !from.includes(record.state));
  if (wrong)
    throw new AwsError(
      'IncorrectInstanceState',
      `The instance '${wrong.id}' is not in a state from which it can be ${verb}: ${wrong.state}`,
    );
  return records.map(record => {
    const PreviousState = stateOf(record.state);
    act(record);
    return { InstanceId: record.id, PreviousState, CurrentState: stateOf(record.state) };
  });
}

type Runner = NonNullable<Ec2State['world']['runner']>;

function after(
  record: InstanceRecord,
  { world }: Ec2State,
  run: (runner: Runner) => Promise<void>,
  then: () => void,
): void {
  if (!world.runner) return void world.later(world.settleMs, then);
  void run(world.runner).then(then, error => {
    record.reason = { Code: 'Server.InternalError', Message: String(error) };
  });
}

/** What goes with a terminated instance, and what stays: volumes and interfaces that were told to. */
export function release(record: InstanceRecord, state: Ec2State): void {
  record.state = 'terminated';
  record.reason = {
    Code: 'Client.UserInitiatedShutdown',
    Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
  delete record.publicIp;
  const address = state.addresses.all().find(each => each.NetworkInterfaceId === record.interfaceId);
  if (address) disassociate(address, state);
  const eni = state.networkInterfaces.get(record.interfaceId);
  if (eni?.Attachment?.DeleteOnTermination) removeInterface(record.interfaceId, state);
  else if (eni) {
    eni.Status = 'available';
    delete eni.Attachment;
  }
  for (const { id, deleteOnTermination } of record.volumes) {
    const volume = state.volumes.get(id);
    if (deleteOnTermination) {
      state.volumes.remove(id);
      dropTags(id, state);
    } else if (volume) Object.assign(volume, { State: 'available', Attachments: [] });
  }
  // Nobody listens at its address any more.
  state.world.runner?.readdress(state);
}
