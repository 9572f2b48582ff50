import type { Site } from '../../inventory/index.ts';

/** What runs by a timer. */
export type Scheduled = 'backup' | 'drill';
export const SCHEDULED: readonly Scheduled[] = ['backup', 'drill'];

/** When: systemd's calendar expressions. */
export type Calendars = Readonly<Partial<Record<Scheduled, string>>>;

/** Those that an inventory has run. */
export const jobsOf = (calendars: Calendars): { job: Scheduled; calendar: string }[] =>
  SCHEDULED.flatMap(job => {
    const calendar = calendars[job];
    return calendar === undefined ? [] : [{ job, calendar }];
  });

/** Who runs it: a unit gets neither a login nor its environment. */
export interface Operator {
  user: string;
  home: string;
  path: string;
  /** The checkout. */
  project: string;
}

const COMMAND: Readonly<Record<Scheduled, readonly string[]>> = {
  backup: ['backup'],
  drill: ['drill', 'site-rebuild'],
};

export const commandOf = (job: Scheduled, site: string): readonly string[] => [
  ...COMMAND[job],
  '--site',
  site,
  '--scheduled',
];

export const unitName = (site: string, job: Scheduled) => `muster-${site}-${job}`;
export const unitPath = (name: string) => `/etc/systemd/system/${name}`;

/** Text by path: what is to be in the two files of a job. */
export function unitFiles(
  { name, backup }: Pick<Site, 'name' | 'backup'>,
  job: Scheduled,
  by: Operator,
): Record<string, string> {
  const unit = unitName(name, job);
  return {
    [unitPath(`${unit}.service`)]: serviceText(name, job, by),
    [unitPath(`${unit}.timer`)]: timerText(name, job, backup?.schedule?.[job] ?? ''),
  };
}

const HEAD = (site: string) => `# Written by ./muster schedule --site ${site}, which puts back what is changed here.`;

/**
 * After=: a drill that is due in the same second waits for the backup. KillMode=process: what muster leaves running on
 * purpose (the store, a machine) outlives the unit; its children it ends itself. More hardening is left out knowingly:
 * whatever makes a mount namespace hides podman's mounts, NoNewPrivileges (which seccomp filters imply) breaks rootless
 * podman, a closed device list takes /dev/kvm away, MemoryDenyWriteExecute breaks Node and QEMU.
 */
function serviceText(site: string, job: Scheduled, { user, home, path, project }: Operator): string {
  const command = [`${project}/muster`, ...commandOf(job, site)].map(quoted);
  const after = job === 'drill' ? ` ${unitName(site, 'backup')}.service` : '';
  return `${HEAD(site)}
[Unit]
Description=muster: ${job} of site ${site}
Wants=network-online.target
After=network-online.target${after}

[Service]
Type=oneshot
User=${user}
Environment=${quoted(`HOME=${home}`)} ${quoted(`PATH=${path}`)}
ExecStart=${command.join(' ')}
KillMode=process
TimeoutStopSec=30
UMask=0077
KeyringMode=private
LimitCORE=0
`;
}

const timerText = (site: string, job: Scheduled, calendar: string) => `${HEAD(site)}
[Unit]
Description=muster: when the ${job} of site ${site} is due

[Timer]
OnCalendar=${calendar.replaceAll('%', '%%')}
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
`;

/** One word of a unit file: % begins a specifier of systemd. */
export const quoted = (word: string) =>
  `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('\n', '\\n')}"`;
