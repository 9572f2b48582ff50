import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactDeps, readLock, resolveArtifact, thisArch } from '../../artifact/index.ts';
import type { Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { SecretStore } from '../../secret/index.ts';
import { withClosingShell } from '../../shell/index.ts';
import type { StoreAccess } from '../../store/access.ts';
import { type Kopia, openKopia } from './kopia.ts';
import { REPOSITORY_PASSWORD } from './names.ts';

/** What kopia is opened with. */
export type KopiaCtx = Pick<Ctx, 'run' | 'signal' | 'clock' | 'shell' | 'progress'> & {
  secrets: Pick<SecretStore, 'get'>;
};

/** Errors: LOCK_NO_VERSION. */
export async function lockedVersion(name: 'kopia' | 'velero', { run }: Pick<Ctx, 'run'>): Promise<string> {
  const version = Object.keys((await readLock(run.dirs.project)).artifacts[name] ?? {})[0];
  if (version !== undefined) return version;
  throw new OpsError('LOCK_NO_VERSION', `cannot back up volumes: the lock has no ${name}`);
}

/** The path of kopia's own program on this computer. Errors: LOCK_*, ARTIFACT_*. */
export async function kopiaProgram(site: Site, ctx: KopiaCtx): Promise<string> {
  const want = { name: 'kopia', version: await lockedVersion('kopia', ctx), arch: thisArch() };
  return (await resolveArtifact(want, await artifactDeps(site, ctx))).path;
}

/** The repository of a namespace, for as long as `use` takes. Errors: KEY_MISSING, STORE_UNREACHABLE, those of use. */
export async function withKopia<T>(
  site: Site,
  where: { access: StoreAccess; namespace: string; write?: boolean },
  ctx: KopiaCtx,
  use: (kopia: Kopia) => Promise<T>,
): Promise<T> {
  const password = await ctx.secrets.get(REPOSITORY_PASSWORD);
  if (!password)
    throw new OpsError('KEY_MISSING', `cannot open the volume backups: the secret ${REPOSITORY_PASSWORD} is not there`);
  const [program, shell] = await Promise.all([kopiaProgram(site, ctx), ctx.shell('localhost')]);
  return withScratch(ctx, async scratch => {
    const kopia = await openKopia({ ...where, password }, { shell, program, scratch, signal: ctx.signal });
    return use(kopia).finally(() => kopia.close());
  });
}

/** A folder of the run's own, gone afterwards; what root wrote there is removed by root. */
export async function withScratch<T>(ctx: Pick<Ctx, 'run' | 'clock'>, use: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(ctx.run.dirs.state, 'scratch');
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const left = (await readdir(parent)).filter(name => !isOfLiving(name));
  await removeAsRoot(
    left.map(name => join(parent, name)),
    ctx,
  );
  const folder = await mkdtemp(join(parent, `velero-${process.pid}-`));
  try {
    return await use(folder);
  } finally {
    await removeAsRoot([folder], ctx);
  }
}

/** What a run that was killed left holds keys, and files of volumes as they are. */
function isOfLiving(name: string): boolean {
  const [, pid] = /^velero-(\d+)-/.exec(name) ?? [];
  return pid !== undefined && existsSync(`/proc/${pid}`);
}

async function removeAsRoot(folders: readonly string[], { clock }: Pick<Ctx, 'clock'>): Promise<void> {
  if (folders.length === 0) return;
  await withClosingShell(clock, shell => shell.exec(['rm', '-rf', '--', ...folders], { sudo: true }));
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}
