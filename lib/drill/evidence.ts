import { type KeyObject, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../artifact/durable.ts';
import { canonical } from '../backup/canonical.ts';
import { fingerprint, publicPem, sha256Of, signBytes } from '../backup/sign.ts';
import type { SealedSet } from '../backup/source.ts';
import { OpsError } from '../errors/index.ts';
import { renderReport } from './page/index.ts';
import { drillId, type Report, report } from './report.ts';

/** The files of a drill's folder. Whatever else lies in it when it is sealed is sealed too. */
export const EVIDENCE = {
  report: 'report.json',
  page: 'report.html',
  /** Of the run, as far as it was when the evidence was sealed. */
  journal: 'journal.jsonl',
  /** Of the set, byte for byte: its digest is in the report. */
  manifest: 'manifest.json',
  /** The public half of the signer. Trust comes from a key that the reader has already, never from here. */
  key: 'signer.pub',
  hashes: 'hashes.json',
  /** Over the bytes of hashes.json. */
  signature: 'hashes.sig',
} as const;

export const hashes = z.strictObject({
  schema: z.literal(1),
  drill: drillId,
  /** By name: every file of the folder but this one and its signature. */
  files: z.record(z.string(), z.strictObject({ size: z.int().min(0), sha256: z.string() })),
});

export const drillsDir = (state: string): string => join(state, 'drills');
export const evidenceDir = (state: string, id: string): string => join(drillsDir(state), id);

export interface EvidenceFacts {
  /** evidenceDir(...) */
  folder: string;
  report: Report;
  /** Of the run; it holds references to secrets only. undefined: nothing was done. */
  journal: string | undefined;
  /** undefined: the drill ended before it had chosen one. */
  set: SealedSet | undefined;
  /** undefined: the drill ended before it had the key. Evidence without a signature is better than none. */
  signer: KeyObject | undefined;
  /** Takes known secrets out of a text. */
  mask(text: string): string;
}

/**
 * Writes all files, the signature last: a folder without one is a drill that was killed, and is written again. Returns
 * what was written, masked. Errors: EVIDENCE_CHANGED when it is sealed already.
 */
export async function writeEvidence({ folder, journal, set, signer, mask, ...facts }: EvidenceFacts): Promise<Report> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).includes(EVIDENCE.signature))
    throw new OpsError('EVIDENCE_CHANGED', `cannot write to ${folder}: this evidence is sealed`);
  const put = (name: string, content: string) =>
    writeDurably(join(folder, name), content, join(folder, `.${name}.${randomUUID()}`));
  const shown = report.parse(masked(facts.report, mask));
  await put(EVIDENCE.report, `${JSON.stringify(shown, null, 2)}\n`);
  await put(EVIDENCE.page, renderReport(shown, signer && fingerprint(signer)));
  if (journal !== undefined) await put(EVIDENCE.journal, await readFile(journal, 'utf8'));
  if (set) await put(EVIDENCE.manifest, canonical(set.manifest));
  if (!signer) return shown;
  await put(EVIDENCE.key, publicPem(signer));
  const listed = { schema: 1, drill: shown.id, files: await hashFiles(folder) } satisfies z.infer<typeof hashes>;
  const bytes = `${JSON.stringify(listed, null, 2)}\n`;
  await put(EVIDENCE.hashes, bytes);
  await put(EVIDENCE.signature, signBytes(Buffer.from(bytes), signer));
  return shown;
}

/** All free text: it comes from data, tools and errors. The rest is words of ours. */
function masked(facts: Report, mask: (text: string) => string): Report {
  const { by, versions, checks, notProven, left, error } = facts;
  return {
    ...facts,
    by: { ...by, name: mask(by.name) },
    versions: Object.fromEntries(Object.entries(versions).map(([tool, version]) => [tool, mask(version)])),
    checks: checks.map(({ details, ...check }) => ({
      ...check,
      expected: mask(check.expected),
      got: mask(check.got),
      ...(details && { details: details.map(mask) }),
    })),
    notProven: notProven.map(mask),
    left: left.map(mask),
    error: error && { ...error, message: mask(error.message) },
  };
}

async function hashFiles(folder: string): Promise<z.infer<typeof hashes>['files']> {
  const sealed: readonly string[] = [EVIDENCE.hashes, EVIDENCE.signature];
  const names = (await readdir(folder)).filter(name => !sealed.includes(name)).sort();
  const entries = names.map(async name => {
    const bytes = await readFile(join(folder, name));
    return [name, { size: bytes.length, sha256: sha256Of(bytes) }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
