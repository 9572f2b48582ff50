import { z } from 'zod';
import { port } from '../values.ts';

const ports = z
  .strictObject({ ssh: port.optional(), api: port.optional(), web: port.optional() })
  .optional()
  .describe('Ports of 127.0.0.1 that lead into the machine. Those left out are found free, then kept.');

const qemu = z.strictObject({
  kind: z.literal('qemu').describe('Virtual machines of this computer, without a daemon.'),
  accelerator: z
    .enum(['auto', 'kvm', 'tcg'])
    .default('auto')
    .describe('auto boots a probe on /dev/kvm and falls back to emulation (tcg).'),
  ports,
});

const container = z.strictObject({
  kind: z
    .literal('container')
    .describe(
      'Machines as podman containers of this computer: up in seconds. For labs only: they share the kernel, and cpus and memory are no limits there.',
    ),
  ports,
});

const existing = z.strictObject({
  kind: z.literal('existing').describe('Hosts you bring, over SSH. They are never made and never removed.'),
});

export const provider = z.discriminatedUnion('kind', [qemu, container, existing]).describe('What the hosts are.');

export type ProviderWant = z.infer<typeof provider>;
