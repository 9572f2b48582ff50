import { type CodeEntry, entry } from '../exit.ts';

/** Of a site: its machines, its application, what is left of it, this computer. */
export const SITE_CODES = {
  // site
  SITE_ABSENT: entry(
    'refused',
    'The site has no machines: it was never built, or was destroyed.',
    './muster bootstrap --site <site>',
  ),
  SITE_NOT_OWNED: entry(
    'refused',
    'The hosts are ones you brought: muster never switches, makes or removes them.',
    'switch them yourself, then ./muster bootstrap',
  ),
  LEAK_FOUND: entry(
    'failed',
    'After a teardown something that muster made is still there.',
    'run destroy again; remove by hand what it names',
  ),
  LEAK_UNKNOWN: entry(
    'unknown',
    'After a teardown it could not be seen whether anything is left.',
    'make it observable, then run destroy again',
  ),
  APP_UNREACHABLE: entry(
    'unknown',
    "The application's address gave no answer that the site's authority vouches for.",
    './muster status --site <site>',
  ),
  APP_DATABASE_UNREADABLE: entry(
    'unknown',
    "The app's database did not say what is in it, so nothing is done to it.",
    'kubectl -n app logs postgres-0',
  ),
  HOST_ABSENT: entry('failed', 'The provider has no such machine, or not yet.', './muster status --site <site>'),
  SSH_IDENTITY: entry('usage', 'The private key for a host cannot be read.', 'correct ssh.identity in the inventory'),
  HOST_KEY_UNKNOWN: entry(
    'refused',
    'No key is known for a host, so nothing is sent to it.',
    'add hosts[].ssh.hostKey to the inventory',
  ),
  STATE_PATH_LONG: entry(
    'usage',
    'The path of the checkout is too long for a UNIX socket.',
    'move the checkout to a shorter path',
  ),
  MACHINE_DAMAGED: entry(
    'failed',
    "A machine's files are not what muster wrote, or not all of them.",
    './muster destroy --site <site> --confirm=<site>, then bootstrap',
  ),
  MACHINE_NOT_OURS: entry(
    'refused',
    'A machine is there that this site did not make: muster does not touch it.',
    'find out whose it is; end it yourself if it is yours',
  ),
  MACHINE_DIED: entry(
    'failed',
    'A machine went off while it was waited for.',
    'read the end of its console; run again',
  ),
  QMP_SILENT: entry(
    'unknown',
    'QEMU does not say what its machine does.',
    'run again; if it stays so, end the process by hand',
  ),
  KVM_UNUSABLE: entry(
    'refused',
    'The inventory wants KVM, and /dev/kvm does not run a kernel.',
    'provider.accelerator: auto, in the inventory',
  ),
  PORT_TAKEN: entry(
    'refused',
    'A port of 127.0.0.1 that a machine needs is taken.',
    'free it, or choose another: provider.ports in the inventory',
  ),
  TOO_LITTLE_MEMORY: entry(
    'refused',
    'This computer has too little free memory for a machine.',
    'free memory, or lower hosts[].memory in the inventory',
  ),
  TOO_LITTLE_DISK: entry(
    'refused',
    'This computer has too little free disk for a machine.',
    'free disk, or lower hosts[].disk in the inventory',
  ),
  // this computer
  COMPUTER_UNFIT: entry(
    'refused',
    'This computer lacks what the site needs; nothing was begun.',
    './muster doctor says what, and what to type',
  ),
} satisfies Record<string, CodeEntry>;
