import type { Ctx, KubeObject } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { seconds } from '../../time/index.ts';
import { siteImages } from '../images.ts';
import { type App, DATABASE_POD, render } from './app.ts';
import type { Data } from './decide.ts';

/** The database's StatefulSet as its manifest says; undefined: the site has none. */
export async function databaseWorkload(site: Site, ctx: Ctx): Promise<KubeObject | undefined> {
  if (!site.app) return undefined;
  const { database } = await render({ site, seed: site.app, images: siteImages(site) }, ctx);
  return database.find(({ kind }) => kind === 'StatefulSet');
}

/** An exec costs a second under emulation, so the app is asked first: it knows as soon as it reads its database. */
export async function readData({ health }: App, ctx: Ctx): Promise<Data> {
  return (await health(ctx)).data ?? readDatabase(ctx);
}

/** psql's own branches, since a table that is not there cannot be asked. */
const QUESTIONS = `
SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'app') AS made \\gset
\\if :made
\\connect app
SELECT to_regclass('public.schema_migrations') IS NOT NULL AS migrated,
  to_regclass('public.seed_mark') IS NOT NULL AS seedable \\gset
\\if :migrated
SELECT 'migration ' || max(version) FROM schema_migrations;
\\endif
\\if :seedable
SELECT 'seed ' || max(version) FROM seed_mark;
SELECT 'people ' || EXISTS (SELECT FROM users);
\\endif
\\endif
SELECT 'read';
`;

/** Inside the pod the operating system's user is proof. Errors: APP_DATABASE_UNREADABLE, those of exec. */
async function readDatabase(ctx: Ctx): Promise<Data> {
  const api = await ctx.cluster(ctx.target.site);
  const { code, stdout, stderr } = await api.exec(
    DATABASE_POD,
    ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres'],
    { stdin: QUESTIONS, timeout: seconds(60) },
  );
  const data = code === 0 ? parseDatabase(stdout.text) : undefined;
  if (data) return data;
  throw new OpsError('APP_DATABASE_UNREADABLE', `cannot read the database: psql ended with ${code}`, {
    details: stderr.text.trim().split('\n'),
  });
}

/** undefined: the answer is cut. */
export function parseDatabase(text: string): Data | undefined {
  const lines = text.trim().split('\n');
  const after = (key: string) => lines.find(line => line.startsWith(`${key} `))?.slice(key.length + 1) ?? null;
  if (lines.at(-1) !== 'read') return undefined;
  return { migration: after('migration'), seed: after('seed'), people: after('people') === 'true' };
}
