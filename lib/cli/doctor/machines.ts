import type { Provider } from '../../host/provider.ts';
import { type Check, failed, ok } from './check.ts';

/** /dev/kvm may open and still not run a kernel: the provider boots one. Emulation works, and is slower. */
export const acceleratorCheck = (accelerator: 'auto' | 'kvm' | 'tcg', provider: Pick<Provider, 'pace'>): Check => ({
  name: 'kvm',
  why: 'runs machines at the speed of this computer; without it they are emulated',
  look: async () => {
    const pace = await provider.pace();
    if (pace <= 1) return ok('a kernel boots on /dev/kvm');
    const seen = `no kernel boots on /dev/kvm: emulation, deadlines times ${pace}`;
    return accelerator === 'kvm' ? failed(seen, 'accelerator: auto, in the inventory') : ok(seen);
  },
});
