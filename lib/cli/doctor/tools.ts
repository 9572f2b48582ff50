import { findGo } from '../../artifact/index.ts';
import type { Shell } from '../../engine/index.ts';
import { isOpsError } from '../../errors/index.ts';
import { type Check, failed, ok, unknown } from './check.ts';

/** The Go that builds the module: its version as seen inside it. */
export const goCheck = (module: string, shell: Shell): Check => ({
  name: 'go',
  why: 'builds Kubernetes and its parts from modules',
  look: async signal => {
    try {
      const { version, program } = await findGo(shell, module, signal);
      return ok(`${version} (${program})`);
    } catch (error) {
      if (isOpsError(error, 'GO_MISSING') || isOpsError(error, 'GO_TOO_OLD')) return failed(error.message, error.hint);
      throw error;
    }
  },
});

/** podman answers with its storage and runtime; whether it builds is seen when it does. */
export const podmanCheck = (shell: Shell): Check => ({
  name: 'podman',
  why: 'builds container images',
  look: async signal => {
    const sudo = process.getuid?.() !== 0;
    const argv = ['podman', '--runtime', '/usr/sbin/runc', 'info', '--format', '{{.Store.GraphDriverName}}'];
    const { code, stdout, stderr } = await shell.exec(argv, { signal, sudo });
    if (code === 0) return ok(`works, storage ${stdout.text.trim()}`);
    if (code === 127) return unknown('not there yet', './muster packages');
    return failed(stderr.text.trim().split('\n').at(-1) ?? `exit status ${code}`, 'podman info');
  },
});
