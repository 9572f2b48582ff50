import type { BackupRecord, PodVolume } from './record.ts';

interface Claim {
  namespace: string;
  claim: string;
  /** Of the pods' specs. */
  volume: string;
}

/** Harmless, by their text. Everything else that Velero warns of is a part that is not there. */
const HARMLESS: readonly RegExp[] = [];

export interface Verified<C> {
  /** Empty: the backup is whole. */
  problems: string[];
  taken: { claim: C; from: PodVolume }[];
}

/** Pure. Whether every claim was read, as its PodVolumeBackup and Velero's own account of volumes both say. */
export function verifyRecord<C extends Claim>(record: BackupRecord, claims: readonly C[]): Verified<C> {
  const { phase, errors, warnings, volumes, podVolumes } = record;
  const problems = errors.map(line => `error: ${line}`);
  problems.push(...warnings.filter(line => !HARMLESS.some(text => text.test(line))).map(line => `warning: ${line}`));
  // The reasons first: a phase explains nothing.
  if (phase !== 'Completed') problems.push(`its phase is ${phase}`);
  const taken: Verified<C>['taken'] = [];
  for (const claim of claims) {
    const name = `${claim.namespace}/${claim.claim}`;
    const info = volumes.find(entry => entry.namespace === claim.namespace && entry.claim === claim.claim);
    const from = podVolumes.find(
      entry =>
        entry.namespace === claim.namespace && entry.volume === claim.volume && entry.snapshot === info?.snapshot,
    );
    if (!info) problems.push(`${name}: Velero has no account of it`);
    else if (info.skipped) problems.push(`${name}: skipped (${info.reason})`);
    else if (info.result !== 'succeeded' || info.snapshot === '')
      problems.push(`${name}: ${info.result || 'no result'}, snapshot ${info.snapshot || 'none'}`);
    else if (!from) problems.push(`${name}: no PodVolumeBackup has its snapshot ${info.snapshot}`);
    else if (from.phase !== 'Completed') problems.push(`${name}: its PodVolumeBackup is ${from.phase} ${from.message}`);
    else taken.push({ claim, from });
  }
  return { problems, taken };
}
