/** Shell: local and ssh twins, uploads, fan-out, host facts. ssh is loaded when the first host is spoken to. */
export { withClosingShell } from './closing.ts';
export type { Patience, SshTarget } from './connection.ts';
export type { Running } from './exec.ts';
export { createFacts } from './facts.ts';
export { escapeControls } from './failures.ts';
export { fanOut, type HostOutcome } from './fan-out.ts';
export { type HostFacts, hostFacts } from './host-facts.ts';
export { createShells, type Shells, type ShellsOptions } from './shells.ts';
export { toYaml } from './yaml.ts';
