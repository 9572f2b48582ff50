import { readFile } from 'node:fs/promises';
import { hostProgram } from '../../artifact/index.ts';
import type { Ctx } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import {
  HEALTH_PATH,
  healthProblem,
  type Listening,
  listening,
  readKeys,
  type StoreFiles,
  storeFiles,
  storeSecrets,
} from '../../store/index.ts';
import { seconds } from '../../time/index.ts';
import { choosePort, exists, movePort, refuseTaken } from './make.ts';
import { endServer, serverProcess } from './process.ts';

const ATTEMPTS = 5;

/** Ends the one that runs, if one does, and waits until the new one answers. Errors: PORT_TAKEN; STORE_UNREACHABLE with its last words; those of the artifact. */
export async function startServer(site: Site, ctx: Ctx): Promise<void> {
  const { project } = ctx.run.dirs;
  const files = storeFiles(project, site.name);
  const { path: program } = await hostProgram(site, 'versitygw').have(ctx);
  await endServer(files, ctx.clock);
  // Until it ran once nobody knows its port: two that were found free at the same moment part here.
  const unknown = !(await exists(files.log));
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(site, program, files, ctx);
    } catch (error) {
      if (!unknown || attempt === ATTEMPTS || !isOpsError(error, 'PORT_TAKEN')) throw error;
      await movePort(site, await choosePort(site, project), ctx);
    }
  }
}

async function startOnce(site: Site, program: string, files: StoreFiles, ctx: Ctx): Promise<void> {
  const secrets = storeSecrets(files);
  const [place, keys] = await Promise.all([listening(secrets), readKeys(secrets, 'admin')]);
  if (!place || !keys)
    throw new OpsError('STORE_UNREACHABLE', `cannot start the store of ${site.name}: ${files.dir} is not whole`);
  await refuseTaken(place.port, site.name);
  await (await ctx.shell('localhost')).run(
    { script: DETACH, args: [files.log, files.program, program, ...command(place, files)] },
    {
      secretEnv: { ROOT_ACCESS_KEY: keys.accessKey, ROOT_SECRET_KEY: keys.secretKey },
      signal: ctx.signal,
      timeout: seconds(30),
    },
  );
  await waitUntilItAnswers(site, place, files, ctx);
}

/** A session of its own, so that it outlives muster and the terminal; it takes no variable along but its keys. */
const DETACH = `umask 077
cd /
log=$1 link=$2 program=$3; shift 3
ln -sfn "$program" "$link"
for name in $(env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/\\1/p'); do
  case $name in ROOT_ACCESS_KEY | ROOT_SECRET_KEY | PATH) ;; *) unset "$name" ;; esac
done
exec setsid -f "$link" "$@" >>"$log" 2>&1 </dev/null
`;

/** Absolute paths all of them: it changes its directory to the data's. */
const command = ({ port }: Listening, files: StoreFiles): string[] => [
  ...['--port', `127.0.0.1:${port}`, '--cert', files.certificate, '--key', files.key],
  ...['--iam-dir', files.iam, '--health', HEALTH_PATH, '--quiet', '--keep-alive'],
  ...['posix', '--versioning-dir', files.versions, '--dir-perms', '0700', files.data],
];

const waitUntilItAnswers = (site: Site, place: Listening, files: StoreFiles, ctx: Ctx): Promise<true> =>
  ctx.wait<true>({
    what: `the store of ${site.name} on 127.0.0.1:${place.port}`,
    deadline: seconds(60),
    every: 50,
    hint: `look at ${files.log}`,
    probe: async () => {
      const saw = await healthProblem(place, seconds(2));
      if (saw === undefined) return { value: true };
      // setsid returns before the program is looked for in /proc, hence the second look.
      if (!(await serverProcess(files)) && !(await serverProcess(files))) throw await died(site, place, files);
      return { saw };
    },
  });

async function died(site: Site, { port }: Listening, { log }: StoreFiles): Promise<OpsError> {
  const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-10);
  const [code, why] = lines.at(-1)?.includes('address already in use')
    ? (['PORT_TAKEN', `another process took port ${port} of 127.0.0.1`] as const)
    : (['STORE_UNREACHABLE', 'its server ended at once'] as const);
  return new OpsError(code, `cannot start the store of ${site.name}: ${why}`, {
    details: lines,
    hint: `look at ${log}`,
  });
}
