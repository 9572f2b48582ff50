import type { AnyStep, Ctx, Shell } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { decideConfig } from './decide.ts';
import { CONFIG, renderConfig, renderUnit, sha256, stampOf, TOKEN, UNIT } from './files.ts';
import { hostStep, ROOT, type Server } from './host.ts';
import { config, smallFile } from './observe.ts';
import { isLabBinary } from './prepare.ts';

/** The site's secret that opens the datastore and lets agents join. */
export const TOKEN_SECRET = 'k3s/token';
const TOKEN_SHAPE = { length: 48 };

/** The texts that a server is to have; `unit` and `stamp` need the digest of the binary. */
export interface Texts {
  config: string;
  unit?: string;
  stamp?: string;
}

/** k3s's names for the add-ons that it brings. */
const BROUGHT = { coredns: 'coredns', 'local-path': 'local-storage', 'metrics-server': 'metrics-server' } as const;

/** A released k3s installs its own unless it is told not to; the lab binary brings none. */
const notWanted = ({ cluster, addons }: Site): string[] =>
  isLabBinary(cluster.version)
    ? []
    : Object.entries(BROUGHT).flatMap(([name, theirs]) => (addons[name as keyof typeof BROUGHT] ? [] : [theirs]));

export async function wantedTexts({ site, name, provider, artifacts }: Server, ctx: Ctx): Promise<Texts> {
  const [{ address }, binary, pauseImage] = await Promise.all([
    provider.endpoint(name, 'api'),
    artifacts.binary.find(ctx),
    artifacts.pause(ctx),
  ]);
  const nodeIp = provider.nodeAddress(name);
  const text = renderConfig({
    node: name,
    ...(nodeIp !== undefined && { nodeIp }),
    tlsSan: [address],
    pauseImage,
    disable: notWanted(site),
  });
  if (!binary.needed || !binary.local) return { config: text };
  const stamp = stampOf(binary.local.sha256, text);
  return { config: text, stamp, unit: renderUnit(stamp) };
}

export function configStep(server: Server): AnyStep {
  return hostStep(server, {
    id: 'k3s.config',
    title: `Configure k3s on ${server.name}`,
    want: { version: server.site.cluster.version },
    after: ['k3s.binary'],
    deadline: minutes(2),
    observe: (ctx, removing) => observeConfig(server, ctx, removing),
    decide: decideConfig,
    async act(change, shell, ctx) {
      const path = change.what.replace(/^file /, '');
      if (change.action === 'delete') return shell.run({ script: REMOVE, args: [path] }, ROOT);
      await shell.run(['mkdir', '-p', '-m', '0755', '/etc/rancher/k3s'], ROOT);
      await write(server, path, shell, ctx);
    },
  });
}

async function observeConfig(server: Server, ctx: Ctx, removing: boolean) {
  const [facts, secret, texts] = await Promise.all([
    ctx.facts(server.name, config),
    ctx.secrets.get(TOKEN_SECRET),
    removing ? undefined : wantedTexts(server, ctx),
  ]);
  const wanted = texts && {
    config: smallFile(texts.config, '600'),
    ...(texts.unit !== undefined && { unit: smallFile(texts.unit, '644') }),
  };
  const same = secret !== undefined && facts.token?.mode === '600' && facts.token.sha256 === sha256(secret.reveal());
  const token = facts.token === undefined ? 'absent' : same ? 'same' : 'different';
  return { ...facts, token, ...(wanted && { wanted }) } as const;
}

const REMOVE = `rm -f "$1"
case $1 in *.service) systemctl daemon-reload;; *) rmdir -p --ignore-fail-on-non-empty "$(dirname "$1")";; esac`;

async function write(server: Server, path: string, shell: Shell, ctx: Ctx): Promise<void> {
  if (path === TOKEN) {
    const content = await ctx.secrets.generate(TOKEN_SECRET, TOKEN_SHAPE);
    return shell.upload({ content }, path, { mode: 0o600, ...ROOT });
  }
  const texts = await wantedTexts(server, ctx);
  if (path === CONFIG) return shell.upload({ content: texts.config }, path, { mode: 0o600, ...ROOT });
  // The binary's step was before this one, so that its digest is known by now.
  await shell.upload({ content: texts.unit ?? '' }, UNIT, { mode: 0o644, ...ROOT });
}
