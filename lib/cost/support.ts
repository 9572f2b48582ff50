import type { Prices } from './prices.ts';

/** A control plane of EKS: as the inventory wants it, or as it is there. */
export interface ControlPlane {
  /** '1.36'. */
  version: string;
  /** Of one that is there: when EKS says that its standard support ends, UTC, '2027-08-02'. It knows better than a file. */
  until?: string;
  /** Of one that is there. STANDARD: EKS upgrades it then, and takes no more. */
  policy?: 'STANDARD' | 'EXTENDED';
}

interface Support {
  /** undefined: nobody knows until when. */
  priced?: 'standard' | 'extended';
  /** What is to be done about it, some weeks before and ever after. */
  warning?: string;
}

const DAY = 86_400_000;
/** EKS announces an end at least so long before it. "Amazon EKS version FAQs". */
const WARNED = 60 * DAY;
/** "A Kubernetes version received standard support for 14 months after first being available on Amazon EKS." */
const AT_LEAST = 14 * 30 * DAY;

/** Pure. `now`: milliseconds since 1970. */
export function supportOf(
  { version, until: told, policy }: ControlPlane,
  { calendar }: Prices['eks'],
  now: number,
): Support {
  const until = told ?? calendar.standardUntil[version];
  if (until === undefined) return unlisted(version, calendar, now);
  const left = Date.parse(until) - now;
  if (left > WARNED) return { priced: 'standard' };
  const then = policy === 'EXTENDED' ? 'it costs six times as much' : 'EKS upgrades the control plane by itself';
  if (left > 0) {
    const warning = `standard support of Kubernetes ${version} ends on ${until}: raise cluster.version before, or ${then}`;
    return { priced: 'standard', warning };
  }
  const ended = `standard support of Kubernetes ${version} ended on ${until}`;
  if (policy === 'STANDARD')
    return { priced: 'standard', warning: `${ended}, and EKS upgrades it any time now: raise cluster.version` };
  return { priced: 'extended', warning: `${ended}: EKS takes the price of extended support; raise cluster.version` };
}

/** What is newer than the calendar came after it; what is older has ended. */
function unlisted(version: string, { standardUntil, asOf }: Prices['eks']['calendar'], now: number): Support {
  const minor = (of: string) => Number(of.split('.')[1]);
  const known = Object.keys(standardUntil).map(minor);
  if (minor(version) < Math.min(...known)) return { priced: 'extended' };
  const isNew = minor(version) > Math.max(...known) && now < Date.parse(asOf) + AT_LEAST;
  return isNew ? { priced: 'standard' } : {};
}
