import type { KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprint, parseJson, parsePublicKey, sha256Of, signatureFlaw } from '../backup/sign.ts';
import { OpsError, oneLine } from '../errors/index.ts';
import { EVIDENCE, hashes } from './evidence.ts';
import { type Report, report } from './report.ts';

export interface Evidence {
  report: Report;
  /** 'SHA256:...' of the key that signed it. */
  signer: string;
  /** It is the key that the reader brought: false says only that nothing was changed since whoever signed it. */
  known: boolean;
}

/**
 * Reads and checks a drill's folder, with nothing but the folder and a public key. Errors: EVIDENCE_INVALID (no
 * evidence, not complete, or signed by another key than the known one), EVIDENCE_CHANGED with every difference.
 */
export async function verifyEvidence(folder: string, known?: KeyObject): Promise<Evidence> {
  const files = await readFiles(folder);
  const need = (name: string) => files.get(name) ?? fail('INVALID', folder, [`it has no ${name}`]);
  const [list, signature, pem] = [need(EVIDENCE.hashes), need(EVIDENCE.signature), need(EVIDENCE.key)];
  const inside = publicKey(pem);
  const key = known ?? inside ?? fail('INVALID', folder, [`${EVIDENCE.key} is no public key`]);
  const flaw = signatureFlaw(list, signature, key);
  if (flaw && inside && !signatureFlaw(list, signature, inside))
    fail('INVALID', folder, [`${fingerprint(inside)} signed it, and the known key is ${fingerprint(key)}`]);
  if (flaw) fail('CHANGED', folder, [`the signature of ${EVIDENCE.hashes} ${flaw}`]);
  const listed = hashes.safeParse(parseJson(list)).data ?? fail('INVALID', folder, [`${EVIDENCE.hashes} is not one`]);
  const differences = compare(listed.files, files);
  if (differences.length > 0) fail('CHANGED', folder, differences);
  const read = report.safeParse(parseJson(need(EVIDENCE.report)));
  if (!read.success) return fail('INVALID', folder, [`${EVIDENCE.report} does not follow the schema of a report`]);
  const flaws = contradictions(read.data, listed.drill, files.get(EVIDENCE.manifest));
  if (flaws.length > 0) fail('INVALID', folder, flaws);
  return { report: read.data, signer: fingerprint(key), known: known !== undefined };
}

/** What no file is gets no bytes, and differs from everything. */
async function readFiles(folder: string): Promise<Map<string, Buffer | undefined>> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(error =>
    fail('INVALID', folder, [`it cannot be read: ${oneLine(error)}`]),
  );
  const read = entries.map(
    async entry => [entry.name, entry.isFile() ? await readFile(join(folder, entry.name)) : undefined] as const,
  );
  return new Map(await Promise.all(read));
}

function compare(
  listed: Readonly<Record<string, { size: number; sha256: string }>>,
  files: ReadonlyMap<string, Buffer | undefined>,
): string[] {
  const own: readonly string[] = [EVIDENCE.hashes, EVIDENCE.signature];
  const names = new Set([...Object.keys(listed), ...files.keys()]);
  return [...names].sort().flatMap(name => {
    if (own.includes(name)) return [];
    const [want, bytes] = [listed[name], files.get(name)];
    if (!want) return [`${name} was added`];
    if (!files.has(name)) return [`${name} is missing`];
    if (!bytes) return [`${name} is not a file`];
    if (bytes.length !== want.size) return [`${name} has ${bytes.length} bytes, and had ${want.size}`];
    return sha256Of(bytes) === want.sha256 ? [] : [`${name} has other bytes than it had`];
  });
}

/** Files of two drills in one folder, each as it was. */
function contradictions({ id, set }: Report, drill: string, manifest: Buffer | undefined): string[] {
  const digest = manifest && sha256Of(manifest);
  return [
    ...(id === drill ? [] : [`the report is of the drill ${id}, the hashes are of ${drill}`]),
    ...(digest === set?.manifestSha256 ? [] : [`${EVIDENCE.manifest} is not the one of the set that the report names`]),
  ];
}

/** undefined: it is none, which is no more than one of the things that can be wrong. */
function publicKey(pem: Buffer): KeyObject | undefined {
  try {
    return parsePublicKey(pem.toString(), EVIDENCE.key);
  } catch {
    return undefined;
  }
}

function fail(what: 'INVALID' | 'CHANGED', folder: string, flaws: readonly string[]): never {
  const [only = ''] = flaws;
  const why = flaws.length === 1 ? only : `${flaws.length} things are not as they were`;
  throw new OpsError(`EVIDENCE_${what}`, `cannot trust the evidence in ${folder}: ${why}`, {
    details: flaws.length === 1 ? [] : flaws,
  });
}
