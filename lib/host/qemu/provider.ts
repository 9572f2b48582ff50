import type { Dirs } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { Fence } from '../fence.ts';
import { localProvider } from '../local-provider.ts';
import type { Provider } from '../provider.ts';
import { processName } from './arguments.ts';
import { segmentAddress } from './identity.ts';
import { EMULATED_PACE, probedKvm } from './kvm.ts';
import { qemuMachinery } from './machinery.ts';
import { type QemuProcess, qemuProcesses } from './processes.ts';

/** Virtual machines of this computer, without a daemon. */
export const qemuProvider = (site: Site, dirs: Dirs, fence?: Fence): Provider =>
  localProvider(site, dirs, {
    kind: 'qemu',
    machinery: qemuMachinery(site, fence),
    processes: qemuProcesses,
    nodeAddress: machine => segmentAddress(site.hosts.findIndex(host => host.name === machine)),
    async pace() {
      const wanted = site.provider.kind === 'qemu' ? site.provider.accelerator : 'auto';
      return wanted !== 'tcg' && (await probedKvm(dirs)) ? 1 : EMULATED_PACE;
    },
    async more() {
      const running = (await qemuProcesses()).filter(process => isOurs(process, site.name, dirs));
      return running.map(({ pid, name }) => ({ kind: 'process', id: `${pid}`, detail: name }));
    },
  });

/** By the tags on its command line; of this checkout: another one may have a site of the same name. */
const isOurs = ({ name, args }: QemuProcess, site: string, dirs: Dirs) =>
  name.startsWith(processName(site, '')) &&
  args.includes(`type=11,value=muster.owner=${dirs.project.replaceAll(',', ',,')}`);
