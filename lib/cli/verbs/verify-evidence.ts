import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { keptDirectory } from '../../backup/index.ts';
import { parsePublicKey } from '../../backup/sign.ts';
import { type Evidence, verifyEvidence } from '../../drill/verify-evidence.ts';
import { EXIT, OpsError, oneLine } from '../../errors/index.ts';
import { formatDuration } from '../../time/index.ts';
import { json, table } from '../output.ts';
import type { Act } from '../verb.ts';

/**
 * Whether a drill's folder is as it was signed; needs no site. Exit status 2 when nothing was changed, and the key that
 * signed it is not one that is known here: then anybody may have signed it.
 */
export const verify: Act = async ({ args, flags, out, project }) => {
  const [given] = args;
  if (given === undefined || args.length > 1)
    throw new OpsError('USAGE', `cannot verify ${args.length} folders: exactly one is looked at`, {
      hint: './muster verify-evidence .muster/<site>/drills/<id>',
    });
  const folder = resolve(given);
  const { evidence, key } = await check(folder, project, flags.key);
  const { report, signer, known } = evidence;
  if (flags.json) out.data(json({ folder, signer, known, key: key ?? null, report }));
  else out.data(evidenceText(folder, evidence, key));
  return known ? EXIT.done : EXIT.unknown;
};

/** Without --key: the key of the site that the report names, where this computer has it. Never the one inside alone. */
async function check(
  folder: string,
  project: string,
  given: string | undefined,
): Promise<{ evidence: Evidence; key?: string }> {
  if (given !== undefined) {
    const pem = await readFile(resolve(given), 'utf8').catch(cause => {
      throw new OpsError('USAGE', `cannot read the public key ${given}: ${oneLine(cause)}`, { cause });
    });
    return { evidence: await verifyEvidence(folder, parsePublicKey(pem, given)), key: resolve(given) };
  }
  const evidence = await verifyEvidence(folder);
  const { site } = evidence.report;
  for (const key of [join(project, 'keys', `${site}.pub`), join(keptDirectory(site), 'signer.pub')]) {
    const pem = await readFile(key, 'utf8').catch(() => undefined);
    if (pem !== undefined) return { evidence: await verifyEvidence(folder, parsePublicKey(pem, key)), key };
  }
  return { evidence };
}

function evidenceText(folder: string, { report, signer, known }: Evidence, key: string | undefined): string {
  const { verdict, scenario, site, id, rto, rpo, set, expires } = report;
  const worst = rpo.worst ? `RPO ${formatDuration(rpo.worst.ms)} (${rpo.worst.source})` : 'RPO not known';
  return table([
    ['evidence', `${folder}: unchanged since it was signed`],
    ['signer', known ? `${signer}, the key in ${key}` : `${signer}, a key that is not known here`],
    ['drill', `${scenario} of ${site}, ${id}`],
    ['verdict', verdict],
    ['figures', `${rto.ms === null ? 'no RTO' : `RTO ${formatDuration(rto.ms)}`}, ${worst}`],
    ['set', set?.id ?? 'none'],
    ['expires', expires ?? (verdict === 'verified' ? 'never' : 'proves nothing')],
    ...(known ? [] : [['next', 'compare the signer with the site’s, or bring its public key: --key FILE']]),
  ]);
}
