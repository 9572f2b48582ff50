import type { Caller } from '../../aws/index.ts';
import { OpsError } from '../../errors/index.ts';

/**
 * An assumed role is told by its name alone; the principal that the inventory names has its path too.
 * 'arn:aws:sts::1:assumed-role/platform/ada' is 'arn:aws:iam::1:role/team/platform'.
 */
export function isPrincipal({ arn, account }: Caller, principal: string): boolean {
  const [, session] = /^arn:[^:]+:sts::[0-9]{12}:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (session === undefined) return arn === principal;
  const [, , , , of, resource = ''] = principal.split(':');
  return of === account && resource.startsWith('role/') && resource.slice(resource.lastIndexOf('/') + 1) === session;
}

/** Errors: EKS_NOT_ADMIN. */
export function mustBeAdmin(caller: Caller, admins: readonly string[]): void {
  if (admins.some(principal => isPrincipal(caller, principal))) return;
  throw new OpsError(
    'EKS_NOT_ADMIN',
    `cannot go on as ${caller.arn}: cluster.admins of the inventory does not name it`,
    {
      details: admins.map(principal => `admin: ${principal}`),
    },
  );
}
