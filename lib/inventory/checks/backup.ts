import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

export function checkBackup({ environment, provider, app, backup, drills }: Inventory): Problem[] {
  const problems: Problem[] = [];
  if (drills && !backup) problems.push({ path: ['drills'], got: 'drills', expected: 'none without a section backup' });
  if (!backup) return problems;
  const { store, sources } = backup;
  const at = ['backup', 'store', 'kind'];
  if (store.kind === 'local' && environment !== 'lab')
    problems.push({ path: at, got: `local in ${environment}`, expected: 's3: a store on this computer is for labs' });
  if (store.kind === 'local' && provider.kind === 'existing')
    problems.push({ path: at, got: 'local', expected: "s3: hosts you bring do not reach this computer's loopback" });
  sources.forEach((source, index) => {
    const path = ['backup', 'sources', index];
    if (sources.indexOf(source) < index) problems.push({ path, got: `${source} again`, expected: 'every source once' });
    if (source === 'postgres' && !app)
      problems.push({ path, got: 'postgres', expected: 'velero or control-plane: there is no section app' });
  });
  return problems;
}
