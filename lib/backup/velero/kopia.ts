import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecResult, Shell } from '../../engine/index.ts';
import { type Code, OpsError } from '../../errors/index.ts';
import type { Secret } from '../../secret/index.ts';
import type { StoreAccess } from '../../store/access.ts';
import { minutes } from '../../time/index.ts';
import { cannotTell } from '../words.ts';
import { repositoryPrefix } from './names.ts';

export interface KopiaWant {
  access: StoreAccess;
  /** Whose volumes lie in the repository. */
  namespace: string;
  password: Secret;
  /** Only a damage writes. */
  write?: boolean;
}

export interface KopiaDeps {
  /** This computer's. */
  shell: Shell;
  /** Path of kopia's own program. */
  program: string;
  /** A folder for its configuration, which holds keys: 0700, and gone with close(). */
  scratch: string;
  signal?: AbortSignal;
}

/** What kopia found. */
export type Found = { ok: true } | { ok: false; code: Code; words: string };

/** kopia's own program on a repository in the bucket, without Velero and without a cluster. */
export interface Kopia {
  /** Whether its password opens it. */
  readonly opened: Found;
  /** Reads every file of these snapshots to the last byte. Errors: STORE_UNREACHABLE. */
  verify(snapshots: readonly string[]): Promise<Found>;
  /** Errors: STORE_UNREACHABLE; KOPIA_CONTENT_LOST and the like are a result. */
  restore(snapshot: string, into: string): Promise<Found>;
  /** Anything else, for those who break it. Errors: COMMAND_FAILED. */
  run(argv: readonly string[], secrets?: Readonly<Record<string, Secret>>): Promise<string>;
  close(): Promise<void>;
}

/** Velero's own names for itself. */
const IDENTITY = ['--override-username=default', '--override-hostname=default'];
const QUIET = ['--no-progress', '--disable-file-logging', '--log-level=warning'];

/** A repository that does not open is a result of every question to it. Errors: STORE_UNREACHABLE. */
export async function openKopia(want: KopiaWant, deps: KopiaDeps): Promise<Kopia> {
  const folder = await mkdtemp(join(deps.scratch, 'kopia-'));
  const ask = asker(want, deps, folder);
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    if (want.access.ca !== undefined) await writeFile(join(folder, 'ca.pem'), want.access.ca);
    const opened = judge(await ask(connect(want, folder)));
    const when = async (argv: readonly string[]) => (opened.ok ? judge(await ask(argv)) : opened);
    return {
      opened,
      verify: snapshots => when(['snapshot', 'verify', '--verify-files-percent=100', ...snapshots]),
      restore: (snapshot, into) => when(['snapshot', 'restore', '--no-ignore-permission-errors', snapshot, into]),
      async run(argv, secrets) {
        const { code, stdout, stderr } = await ask(argv, secrets);
        if (opened.ok && code === 0) return stdout.text;
        const details = (opened.ok ? stderr.text : opened.words).trim().split('\n').slice(-5);
        throw new OpsError('COMMAND_FAILED', `cannot run kopia ${argv.slice(0, 2).join(' ')}`, { details });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function connect({ access, namespace, write }: KopiaWant, folder: string): string[] {
  const { host } = new URL(access.here);
  return [
    ...['repository', 'connect', 's3', `--bucket=${access.bucket}`, `--endpoint=${host}`],
    ...[`--prefix=${repositoryPrefix(namespace)}`, `--region=${access.region}`, '--no-check-for-updates'],
    ...[...IDENTITY, `--cache-directory=${join(folder, 'cache')}`],
    ...(access.ca === undefined ? [] : [`--root-ca-pem-path=${join(folder, 'ca.pem')}`]),
    ...(write ? [] : ['--readonly']),
  ];
}

function asker({ access, password }: KopiaWant, { shell, program, signal }: KopiaDeps, folder: string) {
  const env = { KOPIA_CONFIG_PATH: join(folder, 'repository.config'), KOPIA_PERSIST_CREDENTIALS_ON_CONNECT: 'false' };
  const keys = {
    KOPIA_PASSWORD: password,
    AWS_ACCESS_KEY_ID: access.accessKey,
    AWS_SECRET_ACCESS_KEY: access.secretKey,
    ...(access.token && { AWS_SESSION_TOKEN: access.token }),
  };
  return (argv: readonly string[], secrets: Readonly<Record<string, Secret>> = {}): Promise<ExecResult> =>
    shell.exec([program, ...QUIET, ...argv], {
      env: { ...env, HOME: folder },
      secretEnv: { ...keys, ...secrets },
      // As root owners come back as they were.
      sudo: true,
      timeout: minutes(60),
      ...(signal && { signal }),
    });
}

const REFUSED = /access ?denied|InvalidAccessKeyId|SignatureDoesNotMatch|bucket does not exist|NoSuchBucket/i;

/** What kopia says of content that is not there, or is other than it was. */
const LOST =
  /not found|missing|corrupt|invalid|malformed|checksum|decrypt|authentication failed|mismatch|unable to (open|load|find|read)|error (opening|reading|verifying|loading|getting)|encountered \d+ errors?|unexpected (chunk|length|format)/i;

/** Pure. What its words mean. Errors: STORE_UNREACHABLE, STORE_REFUSED, CHECK_UNRUN: then nothing is known of the content. */
export function judge({ code, stderr, stdout }: ExecResult): Found {
  if (code === 0) return { ok: true };
  const lines = `${stdout.text}\n${stderr.text}`.split('\n').filter(line => line.trim() !== '');
  const words = lines.slice(-5).join('; ').slice(0, 600) || `kopia ended with ${code}`;
  if (/invalid repository password/i.test(words)) return { ok: false, code: 'KEY_WRONG', words };
  const refused = (code: Code) => new OpsError(code, `cannot read the kopia repository: ${words}`);
  if (REFUSED.test(words)) throw refused('STORE_REFUSED');
  const untold = cannotTell(words)?.code;
  if (untold !== undefined || code === null || !LOST.test(words)) throw refused(untold ?? 'CHECK_UNRUN');
  return { ok: false, code: 'KOPIA_CONTENT_LOST', words };
}
