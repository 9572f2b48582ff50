import type { Change, Ctx } from '../../engine/index.ts';
import { createOnce, removeWhole, unlessDone } from './patience.ts';
import { ask, type Cloud, repeat, tagged } from './step.ts';
import { roleOf } from './tags.ts';

/** An Elastic IP for one role, found again by it. */
export async function allocate(cloud: Cloud, role: string, change: Change, ctx: Ctx): Promise<unknown> {
  const find = async () => (await cloud.view.look('addresses')).find(address => roleOf(address) === role);
  const request = { Domain: 'vpc', ...tagged(cloud, ctx, role, 'elastic-ip') } as const;
  const create = () => ask(cloud, `get an ${change.what}`, sdk => new sdk.AllocateAddressCommand(request));
  return createOnce({ change, find, create }, ctx);
}

/** Taken off what has it, and given back. */
export async function release(cloud: Cloud, AllocationId: string, ctx: Ctx): Promise<void> {
  const find = async () => (await cloud.view.look('addresses')).find(address => address.AllocationId === AllocationId);
  const give = async () => {
    const { AssociationId, ServiceManaged } = (await find()) ?? {};
    // A NAT gateway's own association ends with it.
    if (AssociationId !== undefined && ServiceManaged === undefined)
      await unlessDone(
        repeat(cloud, `free ${AllocationId}`, sdk => new sdk.DisassociateAddressCommand({ AssociationId })),
        ...['InvalidAssociationID.NotFound', 'OperationNotPermitted', 'InvalidAddress.InUse', 'AuthFailure'],
      );
    await repeat(cloud, `give ${AllocationId} back`, sdk => new sdk.ReleaseAddressCommand({ AllocationId }));
  };
  await removeWhole(`address ${AllocationId}`, give, async () => (await find()) !== undefined, ctx);
}
