import { isAbsolute, normalize, relative } from 'node:path';
import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

export function checkBackup({ environment, provider, app, backup, state, drills }: Inventory): Problem[] {
  const problems: Problem[] = [];
  if (drills && !backup) problems.push({ path: ['drills'], got: 'drills', expected: 'none without a section backup' });
  if (!backup) return problems;
  // One lease, in one place.
  if (state)
    problems.push({ path: ['state'], got: 'state beside backup', expected: 'none: the lease lies in backup.store' });
  const { store, sources } = backup;
  const at = ['backup', 'store', 'kind'];
  if (store.kind === 'local' && environment !== 'lab')
    problems.push({ path: at, got: `local in ${environment}`, expected: 's3: a store on this computer is for labs' });
  if (store.kind === 'local' && (provider.kind === 'existing' || provider.kind === 'ec2'))
    problems.push({ path: at, got: 'local', expected: "s3: these hosts do not reach this computer's loopback" });
  if (store.kind === 's3' && store.lockMode !== undefined && store.lock === undefined)
    problems.push({ path: ['backup', 'store', 'lockMode'], got: store.lockMode, expected: 'lock beside it: its days' });
  problems.push(...checkReplica(store), ...checkEscrow(environment, backup.escrow), ...checkTimer(backup));
  sources.forEach((source, index) => {
    const path = ['backup', 'sources', index];
    if (sources.indexOf(source) < index) problems.push({ path, got: `${source} again`, expected: 'every source once' });
    if (source === 'postgres' && !app)
      problems.push({ path, got: 'postgres', expected: 'velero or control-plane: there is no section app' });
  });
  return problems;
}

function checkReplica(store: NonNullable<Inventory['backup']>['store']): Problem[] {
  if (store.kind !== 's3' || !store.replica) return [];
  const { endpoint, bucket, kmsKey, replica } = store;
  const at = ['backup', 'store', 'replica'];
  const problems: Problem[] = [];
  if (replica.endpoint === endpoint && replica.bucket === bucket)
    problems.push({ path: [...at, 'bucket'], got: bucket, expected: 'another bucket' });
  // S3 leaves out what a key of KMS encrypts where no key of the other region is named, and says nothing.
  if (kmsKey !== undefined && replica.role !== undefined && replica.kmsKey === undefined)
    problems.push({
      path: [...at, 'kmsKey'],
      got: 'nothing, with role and store.kmsKey',
      expected: 'the ARN of a key of KMS in its region: without one S3 copies nothing',
    });
  return problems;
}

/** Outside labs nobody may find out after the loss that the only key lay on the machine that was lost. */
function checkEscrow(environment: string, escrow: NonNullable<Inventory['backup']>['escrow']): Problem[] {
  const at = ['backup', 'escrow'];
  if (!escrow) {
    const expected = 'recipients and two places: without its secrets no backup opens';
    return environment === 'lab' ? [] : [{ path: at, got: `nothing in ${environment}`, expected }];
  }
  const [first = '', second = ''] = escrow.places.map(normalize);
  if (!isWithin(first, second) && !isWithin(second, first)) return [];
  return [{ path: [...at, 'places', 1], got: second, expected: 'a place apart from the first: one loss takes both' }];
}

/** Nobody is there to bring a private half when a timer drills. */
function checkTimer({ schedule, escrow }: NonNullable<Inventory['backup']>): Problem[] {
  if (schedule?.drill === undefined || !escrow || escrow.identity !== undefined) return [];
  const expected = 'the file of an age identity on the computer whose timer drills: without it no escrow opens';
  return [{ path: ['backup', 'escrow', 'identity'], got: `nothing, with schedule.drill: ${schedule.drill}`, expected }];
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way !== '..' && !way.startsWith('../');
}
