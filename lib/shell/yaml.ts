import { stringify } from 'yaml';

/**
 * YAML for other programs. Many read version 1.1 (cloud-init, kubectl), to which 52:54:00:38:05:21 is a number of base 60
 * and `no` is false: what either version would not take for the same text is quoted.
 */
export const toYaml = (value: unknown): string => stringify(value, { version: '1.1' });
