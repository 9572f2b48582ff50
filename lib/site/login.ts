import { isOpsError } from '../errors/index.ts';
import type { TryLogin } from '../host/credential.ts';
import { Masker } from '../secret/index.ts';
import { createShells } from '../shell/index.ts';
import { type OpenSite, sshTarget } from './open.ts';

/** By a connection of its own, with this key and no other. Errors: those of the way there, but for a key that is refused. */
export const tryLoginOf =
  ({ provider, ports, signal }: Pick<OpenSite, 'provider' | 'ports' | 'signal'>): TryLogin =>
  async (host, identity) => {
    const { clock } = ports;
    const connect = async () => {
      const { user } = await provider.login(host, ports.secrets);
      return sshTarget(host, await provider.endpoint(host, 'ssh'), { user, identity });
    };
    const shells = createShells({ connect, clock, signal, masker: new Masker() });
    try {
      await (await shells.shell(host)).run(['true']);
      return true;
    } catch (error) {
      if (isOpsError(error, 'SSH_AUTH_REFUSED')) return false;
      throw error;
    } finally {
      await shells.close();
    }
  };
