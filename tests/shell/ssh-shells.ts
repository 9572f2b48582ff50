import type { Shell } from '../../lib/engine/index.ts';
import type { Shells, ShellsOptions, SshTarget } from '../../lib/shell/index.ts';
import { type Sshd, type SshdOptions, startSshd } from '../servers/sshd.ts';
import { type TcpProxy, tcpProxy } from '../servers/tcp-proxy.ts';
import { withShells } from './local-shells.ts';

/** A real sshd, and shells whose host names are its users. */
export async function withSshd<T>(
  options: SshdOptions,
  act: (shells: Shells, sshd: Sshd) => Promise<T>,
  shells: Partial<ShellsOptions> = {},
): Promise<T> {
  const sshd = await startSshd(options);
  try {
    return await withShells({ connect: async user => sshd.target(user), ...shells }, each => act(each, sshd));
  } finally {
    await sshd.stop();
  }
}

export interface Hurting {
  proxy: TcpProxy;
  sshd: Sshd;
  shell: Shell;
  shells: Shells;
}

/** One host behind a relay that can be hurt; a silent connection is given up after 300 to 400 ms. */
export async function withProxy<T>(
  act: (all: Hurting) => Promise<T>,
  { change = target => target, config = [] }: { change?(target: SshTarget): SshTarget; config?: string[] } = {},
): Promise<T> {
  const sshd = await startSshd({ config });
  const proxy = await tcpProxy(sshd.port);
  const patience = { connect: 3000, greeting: 1000, keepalive: { every: 100, misses: 2 } };
  const connect = async () => change(sshd.target('root', proxy.port));
  try {
    return await withShells({ connect, patience }, async shells =>
      act({ proxy, sshd, shells, shell: await shells.shell('web-1') }),
    );
  } finally {
    await proxy.close();
    await sshd.stop();
  }
}
