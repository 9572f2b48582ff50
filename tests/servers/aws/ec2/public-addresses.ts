import type { Ec2State } from './state.ts';

/**
 * Of this computer's loopback when instances really run, or else of a block that is for documentation (RFC 5737). Never the
 * same twice: what is given back may have a new owner.
 */
export function nextPublicAddress(state: Ec2State): string {
  const number = state.world.nextPublic();
  return state.world.runner ? state.world.runner.address(number) : `203.0.113.${number % 256}`;
}
